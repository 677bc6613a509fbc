//! Clients that mean no good: slow, huge, many, odd. Each is refused, and the next one is served.

use super::pki::tools;
use super::server::Server;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Everything until the server closes; what it takes longer than a minute over is a fault.
fn until_closed(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => {}
        Err(fault) => assert_eq!(fault.kind(), std::io::ErrorKind::ConnectionReset),
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn a_client_that_sends_slowly_is_put_out_and_the_others_are_served() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server =
        Server::plain(1, "head_seconds = 1\nidle_seconds = 2\nrequest_seconds = 3\nconnections = 40");
    // Many that send a head that never ends, one byte at a time.
    let mut slow: Vec<TcpStream> = (0..30).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    slow.iter_mut().for_each(|s| s.write_all(b"GET /v1/bundles HTTP/1.1\r\nHost: x\r\nX-A: ").unwrap());
    let trickle = std::thread::spawn({
        let mut streams: Vec<TcpStream> = slow.iter().map(|s| s.try_clone().unwrap()).collect();
        move || {
            for _ in 0..50 {
                streams.retain_mut(|s| s.write_all(b"a").is_ok());
                if streams.is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            streams.len()
        }
    });
    assert_eq!(server.names("wyp").len(), 1, "served beside them");
    assert_eq!(trickle.join().unwrap(), 0, "all were put out");
    drop(slow);
    // A connection on which nothing comes, and a body that does not come.
    let mut silent = TcpStream::connect(server.address()).unwrap();
    assert_eq!(until_closed(&mut silent), "");
    let mut post = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /v1/acks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\nContent-Length: 99\r\n\r\nbun",
        server.tokens["wyp"]
    );
    post.write_all(head.as_bytes()).unwrap();
    let said = until_closed(&mut post);
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    // One that has had its answer and stays.
    let mut idle = TcpStream::connect(server.address()).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(until_closed(&mut idle).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.names("wyp").len(), 1);
}

#[test]
fn heads_that_are_too_long_or_no_http_are_refused() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::plain(1, "head_seconds = 2");
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (head, starts) in [
        (format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(100_000)), "HTTP/1.1 431"),
        (format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n"), "HTTP/1.1 431"),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000)), "HTTP/1.1 4"),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (
            "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 ",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "HTTP/1.1 400"),
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        // It may close before all of it is sent.
        let _ = stream.write_all(head.as_bytes());
        let said = until_closed(&mut stream);
        assert!(said.is_empty() || said.starts_with(starts), "{}: {said}", &head[..20]);
    }
    assert_eq!(server.names("wyp").len(), 1);
}

#[test]
fn too_many_at_once_are_told_to_come_again() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    // Of four requests at once, one recipient has one.
    let server = Server::plain(1, "requests = 4\nrequest_seconds = 30");
    let hold = |who: &str| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let head = format!(
            "POST /v1/acks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\n\
             Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
            server.tokens[who]
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The server asks for the body: from here on the request goes on.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100 "));
        stream
    };
    let mut waits = hold("wyp");
    let refused = server.get("wyp", "/v1/bundles", &[]);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "5"));
    assert_eq!(refused.json()["type"], "/problems/too-many-requests");
    assert_eq!(server.names("lcc").len(), 1, "the other has its own");
    let other = hold("lcc");
    waits.write_all(b"bundle\r\n\n").unwrap();
    let mut answer = [0; 12];
    waits.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 422");
    assert_eq!(server.names("wyp").len(), 1);
    drop(other);
    let server = Server::plain(1, "requests = 1\nrequest_seconds = 30");
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /v1/acks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\n\
         Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        server.tokens["wyp"]
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    let refused = server.get("lcc", "/v1/bundles", &[]);
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    assert_eq!(refused.json()["type"], "/problems/busy");
}
