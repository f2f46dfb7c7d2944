//! The door of the control socket: takes lines from a loopback connection to the kiosk's thread and back.
//!
//! A connection asks one thing at a time; connections take turns in the order in which they ask.

use crate::control::{Answer, Request};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};
use tokio::sync::{mpsc, oneshot};

/// Longest request: the largest QR code there is, escaped, and room.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Requests that may wait for the kiosk's thread.
const WAITING_MAX: usize = 8;

/// A request and where its answer goes.
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Takes the answer.
    pub answer: oneshot::Sender<Answer>,
}

/// Opens the door; gives the address it listens on and what is asked there.
///
/// # Errors
/// When the address is taken, or the system gives no thread.
pub fn open(listen: SocketAddr) -> io::Result<(SocketAddr, mpsc::Receiver<Asked>)> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let (ask, asked) = mpsc::channel(WAITING_MAX);
    thread::Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let ask = ask.clone();
            let serve = move || {
                if let Err(error) = serve(&stream, &ask) {
                    tracing::debug!("control connection ended: {error}");
                }
            };
            if thread::Builder::new().name("control-line".to_owned()).spawn(serve).is_err() {
                tracing::warn!("no thread for a control connection");
            }
        }
    })?;
    Ok((address, asked))
}

fn serve(stream: &TcpStream, ask: &mpsc::Sender<Asked>) -> io::Result<()> {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line) {
            Ok(request) => put(request, ask),
            Err(error) => Answer::Failed(format!("not understood: {error}")),
        };
        let mut text = serde_json::to_string(&answer)?;
        text.push('\n');
        (&*stream).write_all(text.as_bytes())?;
    }
}

fn put(request: Request, ask: &mpsc::Sender<Asked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    let gone = || Answer::Failed("the kiosk has ended".to_owned());
    if ask.blocking_send(Asked { request, answer }).is_err() {
        return gone();
    }
    answered.blocking_recv().unwrap_or_else(|_| gone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Status;

    #[test]
    fn every_line_is_answered_in_its_turn_and_nonsense_is_refused() {
        let (address, mut asked) = open("127.0.0.1:0".parse().unwrap()).unwrap();
        let kiosk = thread::spawn(move || {
            let Asked { request, answer } = asked.blocking_recv().unwrap();
            let status = Status { screen: "attract".into(), ..Status::default() };
            answer.send(Answer::Done(Box::new(status))).unwrap();
            request
        });
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"{\"do\":\"dance\"}\n{\"do\":\"status\"}\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        let refused: Answer = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(matches!(&refused, Answer::Failed(why) if why.starts_with("not understood")), "{refused:?}");
        let done: Answer = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(matches!(&done, Answer::Done(status) if status.screen == "attract"), "{done:?}");
        assert_eq!(kiosk.join().unwrap(), Request::Status);
    }
}
