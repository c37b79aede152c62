//! One page that compares runs: a file that needs nobody else.
//!
//! What is on the page comes as data; the script builds it with text nodes only, so that no
//! name can become markup, and the page's policy lets no other script run and asks nobody.

use mendel_model::Digest;
use serde_json::Value;

const STYLE: &str = include_str!("page.css");
const SCRIPTS: [&str; 3] = [include_str!("element.js"), include_str!("chart.js"), include_str!("page.js")];

/// The page with `title` that shows `data`.
pub fn html(title: &str, data: &Value) -> String {
    let data = json_in_html(data);
    // It names the scripts of this very page: text of a run cannot contain it.
    let nonce = Digest::of(data.as_bytes()).to_string();
    let title = escape(title);
    let scripts: String =
        SCRIPTS.iter().map(|script| format!("<script nonce=\"{nonce}\">\n{script}</script>\n")).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n</head>\n<body>\n\
         <noscript>This page draws its tables and charts with a script of its own.</noscript>\n\
         <main id=\"page\"></main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n{scripts}</body>\n</html>\n"
    )
}

/// `text` as content of an element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JSON that cannot end the element it stands in.
fn json_in_html(data: &Value) -> String {
    let text = data.to_string();
    let mut safe = String::with_capacity(text.len() + text.len() / 16);
    for character in text.chars() {
        match character {
            // Outside of texts JSON has none of these.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", character as u32)),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u{2028}&\"'";

    #[test]
    fn s40_no_name_becomes_markup() {
        let page = html(HOSTILE, &json!({"runs": [{"name": HOSTILE}], HOSTILE: 1}));
        assert!(!page.contains("alert(1)</script>"));
        assert!(!page.contains("<img"));
        let start = page.find("id=\"data\">").expect("the data") + 10;
        let end = start + page[start..].find("</script>").expect("its end");
        let read: Value = serde_json::from_str(&page[start..end]).expect("good JSON");
        assert_eq!(read["runs"][0]["name"], HOSTILE);
    }

    #[test]
    fn s42_the_page_asks_nobody() {
        let page = html("runs", &json!({}));
        for outside in
            ["http://", "https://", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval(", "src="]
        {
            assert!(!page.replace("http-equiv", "").contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
        assert_eq!(page.matches("<script nonce=").count(), SCRIPTS.len());
    }
}
