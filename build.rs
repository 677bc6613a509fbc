//! Puts the repository's own deployment of invented people into the program, for `lockgate sandbox`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folders of the deployment, without files that are broken on purpose.
const FOLDERS: [&str; 5] = ["agreement", "calendar", "fixtures", "mappings", "schema"];
const LEFT_OUT: &str = "fixtures/broken";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = vec!["lockgate.toml".to_owned()];
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        below(&root, folder, &mut files)?;
    }
    println!("cargo:rerun-if-changed=lockgate.toml");
    files.sort();
    let mut text = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        // The place is left to the compiler, which knows where it builds: a target directory may serve several checkouts.
        let place = format!("/{file}");
        let _ = writeln!(
            text,
            "    ({file:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))),"
        );
    }
    text += "];\n";
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("sandbox.rs"), text)
}

fn below(root: &Path, folder: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            if name != LEFT_OUT {
                below(root, &name, files)?;
            }
        } else {
            files.push(name);
        }
    }
    Ok(())
}
