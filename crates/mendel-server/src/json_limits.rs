//! L02: how deep, wide and long a JSON body may be, looked at before it is read.

use mendel_model::limits;

/// What of a body is too much; none when it may be read. What is no JSON is not judged here.
pub(crate) fn too_complex(body: &[u8]) -> Option<String> {
    // The keys of each open object; an array has none.
    let mut open: Vec<usize> = Vec::new();
    let mut bytes = body.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                open.push(0);
                if open.len() > limits::JSON_DEPTH {
                    return Some(format!("it is nested deeper than {}", limits::JSON_DEPTH));
                }
            }
            b'}' | b']' => drop(open.pop()),
            b':' => {
                if let Some(keys) = open.last_mut() {
                    *keys += 1;
                    if *keys > limits::JSON_KEYS {
                        return Some(format!("an object of it has more than {} keys", limits::JSON_KEYS));
                    }
                }
            }
            b'"' => {
                let mut escaped = false;
                let end = bytes.find(|(_, byte)| {
                    let ends = **byte == b'"' && !escaped;
                    escaped = **byte == b'\\' && !escaped;
                    ends
                });
                if end.map_or(body.len(), |(end, _)| end) - at > limits::JSON_TEXT_BYTES {
                    return Some(format!("a text in it is longer than {} bytes", limits::JSON_TEXT_BYTES));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s55_depth_keys_and_text_have_their_limits() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(too_complex(nested(limits::JSON_DEPTH).as_bytes()), None);
        assert!(too_complex(nested(limits::JSON_DEPTH + 1).as_bytes()).is_some());
        let wide = |keys: usize| format!("{{{}}}", vec![r#""a":1"#; keys].join(","));
        assert_eq!(too_complex(wide(limits::JSON_KEYS).as_bytes()), None);
        assert!(too_complex(wide(limits::JSON_KEYS + 1).as_bytes()).is_some());
        let long = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
        assert_eq!(too_complex(long(limits::JSON_TEXT_BYTES - 1).as_bytes()), None);
        assert!(too_complex(long(limits::JSON_TEXT_BYTES + 1).as_bytes()).is_some());
    }

    #[test]
    fn what_stands_in_a_text_opens_nothing() {
        let text = format!(r#"{{"a":"{}\"{}"}}"#, "[".repeat(100), "{".repeat(100));
        assert_eq!(too_complex(text.as_bytes()), None);
    }
}
