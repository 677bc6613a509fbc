//! `lockgate sandbox RECIPIENT`: bundles of invented people to practise on, through the real pull API.

use super::Voice;
use super::serve::{listening, log};
use crate::cli::SandboxArgs;
use crate::exit::Exit;
use crate::report;
use crate::sandbox::{Sandbox, make};
use crate::serve::{self, Day, Notes};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct SandboxJson<'a> {
    recipient: &'a str,
    folder: String,
    door: String,
    identity: String,
    signers: String,
    token: &'a str,
    drill: Option<&'static str>,
    expected: Option<&'static str>,
    bundles: &'a [String],
}

/// Makes it, says what is where, and serves.
pub(super) async fn sandbox(voice: Voice, args: &SandboxArgs) -> Result<Exit> {
    let made = make(&args.out, &args.recipient, args.drill, &args.listen).await?;
    tell(voice, args, &made);
    if args.no_serve {
        return Ok(Exit::Done);
    }
    log(voice);
    let collected = Box::new(Notes::at(&made.deployment.state()));
    serve::serve(made.deployment, Day::Fixed(made.day), collected, |address, tls| {
        listening(voice, address, tls);
    })
    .await?;
    Ok(Exit::Done)
}

fn tell(voice: Voice, args: &SandboxArgs, made: &Sandbox) {
    let shown = |place: std::path::PathBuf| place.display().to_string();
    let (door, identity, signers) =
        (shown(made.place.door()), shown(made.place.identity()), shown(made.place.signers()));
    let expected = args.drill.map(crate::sandbox::Drill::expected);
    if voice.json {
        report::json(&SandboxJson {
            recipient: &args.recipient,
            folder: shown(args.out.clone()),
            door,
            identity,
            signers,
            token: &made.token,
            drill: args.drill.map(crate::sandbox::Drill::word),
            expected,
            bundles: &made.bundles,
        });
        return;
    }
    report::line(&format!(
        "bundles      {} of invented people, in {door} and over the pull API",
        made.bundles.len()
    ));
    report::line(&format!("bearer key   {} (throw-away)", made.token));
    report::line(&format!("your key     {identity} (throw-away)\nsigners      {signers}"));
    if let Some(expected) = expected {
        report::line(&format!("\nWhat you should see:\n{expected}"));
    }
}
