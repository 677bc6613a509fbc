//! What messages about times mean.

use lockgate_core::problem::CodeDoc;

/// Codes of this room (`LG28nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2801",
        title: "a time does not read",
        explanation: "Times are written as five fields: minute, hour, day of the month, month, day of the week; or as six, with the second \
                      first. Days of the week and months are names (`Mon-Fri`), because numbers mean different days to different \
                      programs. Of day of the month and day of the week both must hold. They are in the deployment's time zone. A time \
                      that does not exist when the clocks go forward happens as long after the last one as on any other day (01:30 at \
                      02:30), one that comes twice when they go back happens the first time. docs/schedule.md has examples.",
    },
    CodeDoc {
        code: "LG2802",
        title: "a feed is late",
        explanation: "Its file was due, its grace is over, and none with the expected date in its name has come. It is said once, until the \
                      file is there; `run` ends with 6 meanwhile. Ask the partner's desk. If nothing will come on such days, say so under \
                      `[feed.NAME]` in `lockgate.toml` (the days in `due`, `holidays = false`, `age_days`).",
    },
    CodeDoc {
        code: "LG2803",
        title: "a feed is missing",
        explanation: "It was late, and its next file has not come in time either. Recipients go on with what was known: nothing is withdrawn \
                      because a file is missing. Ask the partner's desk.",
    },
    CodeDoc {
        code: "LG2804",
        title: "a feed that was late has come",
        explanation: "The file that was expected is there. Nothing is to be done.",
    },
    CodeDoc {
        code: "LG2805",
        title: "the clock cannot be right",
        explanation: "This machine's clock says a time before the last run began, or more than a year after it. A run for a day far ahead \
                      would make every later one impossible, since none goes back in time. Set the clock; if it is right, run one night \
                      by hand with `lockgate run --as-of DATE`.",
    },
    CodeDoc {
        code: "LG2806",
        title: "the configuration was not taken over",
        explanation: "`serve` was told to read its configuration again, and it has faults. It goes on with the last one that was good. \
                      `lockgate check` shows the faults.",
    },
    CodeDoc {
        code: "LG2807",
        title: "the program that is told of alarms failed",
        explanation: "The command under `[alarms]` could not be started, ended with an error, or took longer than a minute. The alarm stands \
                      in the log and in `status`. Try the command by hand.",
    },
    CodeDoc {
        code: "LG2808",
        title: "a scheduled night did not end well",
        explanation: "It could not begin, or stopped with an error that the log tells. It is tried again, after ten minutes and then after \
                      longer ones, until the time of the next one. What was done already is not done twice.",
    },
    CodeDoc {
        code: "LG2809",
        title: "there is little room where the state lies",
        explanation: "A night writes what it received, what it keeps and what it sends before anything old is removed. One that finds no room \
                      stops with an error and loses nothing; it goes on when there is room. Make room, or move the state to a larger disk.",
    },
    CodeDoc {
        code: "LG2810",
        title: "the store does not open",
        explanation: "The message says why: another secret than the one it was made with, a store that a later version of the program wrote, \
                      or a file that the service may not read. Nothing was changed.",
    },
    CodeDoc {
        code: "LG2811",
        title: "another `serve` keeps the time of this store",
        explanation: "Nights of a store in a folder are run by one `lockgate serve`. Another is running with `[schedule]` on the same state \
                      folder: this one ends with 75 and has done nothing. The lock goes with its process, so there is nothing to delete. \
                      Stop the other, or leave it.",
    },
];
