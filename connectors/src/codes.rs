//! Every message code of this crate, with the page behind it.

use lockgate_core::problem::{Code, CodeDoc};

macro_rules! codes {
    ($($(#[$about:meta])* $name:ident = $code:literal, $title:literal, $explanation:literal;)*) => {
        $(pub(crate) const $name: Code = $code;)*
        /// Every code of the connectors, in order of number.
        pub const CODES: &[CodeDoc] = &[
            $(CodeDoc { code: $code, title: $title, explanation: $explanation },)*
        ];
    };
}

codes! {
    PLACE_OPTION = "LG1001", "a place's options cannot be used",
        "An option of a place is unknown or its value has the wrong shape. Correct it in lockgate.toml; the message names the option and, where one is near, the word that was probably meant.";
    FOLDER_UNREADABLE = "LG1002", "a folder cannot be listed",
        "The folder of a place does not exist, is not a folder, or the service user may not list it. Nothing was collected from this place; the other places go on. Check the path and its permissions.";
    NAME_REFUSED = "LG1003", "a file name is not allowed",
        "A name may not hold a path separator, a control character or a leading dot, be longer than 255 bytes, or be `.` or `..`. This keeps every read and every delivery inside its folder.";
    NOT_A_FILE = "LG1004", "not a plain file",
        "The entry is a link, a folder, a device, or changed between two looks. Links are never followed, because a partner could point one at a file of the gateway itself. Ask for a plain file.";
    FILE_UNREADABLE = "LG1005", "a file cannot be opened",
        "The operating system refused to open or read the file. Check that it still exists and that the service user may read it.";
    ALREADY_THERE = "LG1006", "a delivery of this name is already there",
        "Publishing never overwrites: the destination holds something of the same name. Compare the two; a bundle that was already published is not published again.";
    PUBLISH_FAILED = "LG1007", "a delivery could not be published",
        "The staged bundle could not be moved into the destination or made durable. Nothing half-written is visible there under the final name. Check free space and permissions, then run again.";
    FORMAT_OPTION = "LG1101", "a format's options cannot be used",
        "An option in the mapping's source table is unknown or its value has the wrong shape. The message names the option and, where one is near, the word that was probably meant.";
    INPUT_FAILED = "LG1102", "reading stopped with an input error",
        "The file could not be read to its end. Nothing of it was applied. Run again; if it stays, check the disk and the archive.";
    FILE_TOO_LARGE = "LG1103", "a file is larger than its cap",
        "The file is larger than the limit set for received files and was not read to the end. If the size is right, raise the limit; otherwise ask the partner what they sent.";
    BAD_SEQUENCE = "LG1104", "bytes that are no text in the declared encoding",
        "The row holds bytes that have no meaning in the encoding the mapping declares. They are never replaced silently, because a name would be changed without trace: the file is refused. Usually the partner's encoding changed; declare the right one, or ask for the file again.";
    OTHER_ENCODING = "LG1105", "the file is in another encoding than declared",
        "The first bytes show another encoding than the mapping declares (a byte order mark, or the zero bytes of UTF-16). Set `encoding` to what the message names.";
    NUL_BYTE = "LG1106", "a NUL byte in a text file",
        "A text file holds a NUL byte: it is damaged, binary, or UTF-16 without a byte order mark. The file is refused.";
    TOO_LONG = "LG1107", "a row or a cell is longer than its cap",
        "One row or cell is longer than any real one. The file is damaged (often a quote that never closes) or hostile, and is refused.";
    TOO_MANY = "LG1108", "more rows, columns or cells than the cap",
        "The file holds more rows, columns, cells or elements than its limit and is refused. If the size is right, raise the limit that the message names.";
    HEADER_MISSING = "LG1109", "no header row was found",
        "No row near the top holds every required column name of the mapping. The message names the columns that the nearest row lacks. A column was renamed or removed (add the new name as an alias), or this is another file.";
    HEADER_TWICE = "LG1110", "a wanted column stands twice in the header",
        "Two columns carry a name that the mapping wants. Which one is meant cannot be guessed, so the file is refused. Name the column more exactly (in a two-row header, by the joined name).";
    QUOTE_OPEN = "LG1111", "a quote is never closed",
        "A quoted cell begins in this row and does not end before the end of the file, or not before the cap. All rows behind it would be swallowed, so the file is refused.";
    FIELD_COUNT = "LG1112", "the row has another number of cells than the header",
        "A separator too many or too few (often an unquoted one inside a name or an address) shifts every value after it. The row is quarantined, because a shifted value would land in a wrong field; the other rows go on.";
    STRAY_QUOTE = "LG1113", "text after a closing quote",
        "A quoted cell goes on after its closing quote: a quote inside the text was not doubled. What the cell ends with is uncertain, so the row is quarantined.";
    AFTER_TRAILER = "LG1114", "rows after the trailer",
        "The trailer row says that the file is complete, but more rows follow: two files were joined, or the trailer was misread. The file is refused.";
    TRAILER_COUNT = "LG1115", "the trailer's count is not a number",
        "The place that should state the number of rows (a cell or characters of the trailer, a key of a JSON document) does not hold one. The file cannot be proved complete and is refused.";
    LOOKS_UTF8 = "LG1116", "the file looks like UTF-8",
        "Every non-English letter of the file forms valid UTF-8, although the mapping declares a one-byte encoding. Accented names are probably read wrong. Set `encoding = \"utf-8\"` if so.";
    WORKBOOK_BROKEN = "LG1120", "the workbook is broken",
        "The file is not a readable workbook of the declared kind: it is cut short, damaged, or something else under that name. Ask for it again; an old .xls workbook has to be saved as .xlsx.";
    ENCRYPTED = "LG1121", "the workbook is encrypted",
        "Workbooks that need a password are refused: passwords do not travel with files. Ask for an unencrypted workbook over a protected transport.";
    MACROS = "LG1122", "the workbook holds macros",
        "A workbook with macros is refused as a whole. Ask for it to be saved without macros.";
    BOMB = "LG1123", "the compressed file unpacks to more than its cap",
        "A part of the workbook unpacks to more bytes than allowed, or far more than any real workbook of its size (a zip bomb). Nothing more of it was unpacked.";
    NO_SHEET = "LG1124", "a sheet is missing",
        "The workbook has no sheet of the name that the mapping gives, or no visible sheet. The message names it. A sheet was renamed, or this is another file.";
    SHEETS_LEFT = "LG1125", "sheets that were not read",
        "The workbook has sheets that the mapping does not read, or the sheet read is hidden. They were left alone; the message says how many.";
    JOIN_COLUMN = "LG1126", "a join names a column that is not there",
        "The column by which two sheets are joined is not in the header of the sheet. The file is refused, because every joined value would be missing.";
    JOIN_AMBIGUOUS = "LG1127", "several rows of a joined sheet have the row's key",
        "The mapping does not say which of several rows with one key to take, and taking any would be a guess about a person. The row is quarantined. Declare `keep = \"first\"` or `keep = \"last by COLUMN\"` where that is right.";
    JOIN_ORDER = "LG1128", "rows of a joined sheet cannot be ordered",
        "`keep = \"last by COLUMN\"` needs dates, numbers, or texts that begin with an ISO date; two cells have no sure order. The file is refused, because the wrong row might be kept.";
    XML_BROKEN = "LG1140", "the XML is not well formed",
        "The file breaks the rules of XML at or after the row named, or ends before its last element is closed (a partial upload). Nothing of it was applied.";
    XML_DOCTYPE = "LG1141", "a document type declaration",
        "A DOCTYPE can define entities that grow without bound or read other files. No data file needs one; the file is refused.";
    XML_ENTITY = "LG1142", "an unknown entity",
        "Only the five predefined entities and numeric references are resolved. The file uses another one and is refused.";
    XML_CAP = "LG1143", "deeper, wider or longer XML than the cap",
        "Elements are nested deeper, carry more attributes, or hold more text than any real record. The file is damaged or hostile and is refused.";
    XML_ROOT = "LG1144", "another document than the mapping reads",
        "The root element has another name or namespace than the mapping's `row` path begins with. This is another kind of file, or its layout changed.";
    XML_TWICE = "LG1145", "an element stands twice in one row",
        "A path that the mapping reads occurs twice under one row element; which value is meant cannot be guessed. The row is quarantined.";
    XML_LATE = "LG1146", "a value stands behind the rows that need it",
        "An element of an enclosing level that the mapping reads for every row comes only after rows were already given. Those rows lacked it, so the file is refused.";
    XML_NEVER = "LG1147", "a required path occurs in no row",
        "The file has rows, but an element or attribute that the mapping requires occurs in none of them: it was renamed or removed. Mark the column `required = false` if it may be missing from a whole file.";
    FIXED_SHORT = "LG1150", "the line is shorter than its columns",
        "A line of a fixed-width file ends before the last declared character: it was cut, or an earlier value lost characters and everything behind moved. The row is quarantined. Where the transfer merely strips blanks at the end of lines, declare `short = \"padded\"`.";
    FIXED_LONG = "LG1151", "the line is longer than its columns",
        "A line of a fixed-width file goes on behind the last declared character: a value was too long for its column and moved what follows, or the layout has grown. The row is quarantined. If the lines are meant to be longer, declare `width`.";
    FIXED_TAB = "LG1152", "a tab in a fixed-width line",
        "A tab stands for an unknown number of blanks, so that every column behind it may be read from a wrong place. The row is quarantined. Ask the partner to write blanks.";
    FIXED_KIND = "LG1153", "a kind of line that is not declared",
        "The characters that mark the kind of a line hold a word that the mapping lists neither under `rows` nor under `skip`. The line is quarantined, because a new kind of record may matter. Add it to one of the two.";
    JSON_BROKEN = "LG1160", "the JSON is not well formed",
        "The file breaks the rules of JSON at or after the row named, or ends before its last value is closed (a partial upload). A JSON document is refused as a whole; of a JSON Lines file the one line is quarantined.";
    JSON_CAP = "LG1161", "deeper, wider or longer JSON than the cap",
        "Objects and arrays are nested deeper, a row holds more values, or a key or value is longer than in any real record. The file is damaged (often a quote that never closes) or hostile, and is refused; of a JSON Lines file the one line is quarantined.";
    JSON_ROWS = "LG1162", "no array of rows where the mapping says",
        "The path in `row` does not lead to an array: a key on the way is missing, or holds something else. This is another kind of document, its layout changed, or a list of one was written as a single object. The file is refused.";
    JSON_TWICE = "LG1163", "a key stands twice in one object",
        "Two values stand under one key, or under two names of one column, and which is meant cannot be guessed. The row is quarantined; where the object lies around rows, the file is refused.";
    JSON_SHAPE = "LG1164", "a value of another shape than the column reads",
        "An object or a list stands where the mapping reads one value, or one value where its path goes on, or a row is no object. A list of plain values is read when `list` is declared; for a list of objects let `row` lead to it. The row is quarantined; where the value lies around rows, the file is refused.";
    JSON_LIST = "LG1165", "a list that cannot be joined",
        "An element of a list is blank or holds the text that joins the elements, so that the joined value would read as another list. The row is quarantined. Choose another text for `list`.";
    JSON_LATE = "LG1166", "a value stands behind the rows that need it",
        "A value of an enclosing object that the mapping reads for every row comes only after rows were already given. Those rows lacked it, so the file is refused. Ask the partner to write it before the array.";
    JSON_NEVER = "LG1167", "a required path occurs in no row",
        "The file has rows, but a key that the mapping requires occurs in none of them: it was renamed or removed. Mark the column `required = false` if it may be missing from a whole file.";
    SERVER_AWAY = "LG1170", "a place's server does not answer",
        "The name of the server could not be found, it refused the connection, or the connection was lost on the way. Trying again later usually helps; nothing half-done counts, and what was half sent is taken up. If it stays, check the name and port in lockgate.toml, the firewall, and with the partner whether the server is up.";
    TIMED_OUT = "LG1171", "a place's server stopped answering",
        "The server took the connection but did not answer within the place's `timeout_s`. The attempt was given up so that nothing else waits; it is made again the next time. If it stays, ask the partner; raise `timeout_s` only where the server is known to be slow.";
    HOST_KEY = "LG1172", "the server shows another host key than the pinned one",
        "The place pins the server's host key, and the server showed another: it was reinstalled, its key was changed, or somebody stands between. Nothing was sent or read. Ask the partner by telephone, on a number that you have already, for the fingerprint of the key; only if it is the one that the message shows, put it into `host_key` (two may stand there while a key changes).";
    SIGN_IN = "LG1173", "the server refuses the gateway's key",
        "The user name is not known there or the gateway's public key is not listed for it. Give the partner the public half of the place's key again, and check `user`. A server that wants a second proof beside the key cannot be used. An object store says this of an access key that it does not know, or that may not do what was asked.";
    PLACE_SECRET = "LG1174", "a place's secret cannot be used",
        "The file or variable that the place points to cannot be read, is not the one word of an access key, is no private key of OpenSSH, has a passphrase, or is an RSA key, whose use in signing leaks through its timing. Make one with `ssh-keygen -t ed25519 -N ''`, and give the partner its public half.";
    FAR_REFUSED = "LG1175", "the server refuses an operation",
        "The server answered that the folder or file does not exist, that the gateway's user may not do this, or only that it failed. The message says which operation. Check the place's `path` and the rights of its user with the partner; a plain failure is often a full disk or quota.";
    OTHER_BYTES = "LG1176", "other bytes lie under the name of a delivery",
        "A file of this name lies at the place already and is not the one that was to be sent. It is never replaced: it may be the only copy of something. Ask the recipient what it is, have it moved away, and run again. Where a server without rename kept a part of a broken delivery, have that part removed.";
    CROWDED = "LG1177", "more names at a place than the cap",
        "The folder of a place holds more entries than a look at it reads. Have old files moved away, or give the feed a folder of its own.";
    CERTIFICATE = "LG1178", "the server's certificate is not trusted",
        "The certificate that a place of HTTPS shows has ended, has not begun, is of another name than the address, or is signed by nobody who is trusted. Nothing was read. Look at the address first; ask the partner whether its certificate was changed. For a partner's own authority let `ca` name the file of its certificate, which you got by a second channel.";
}
