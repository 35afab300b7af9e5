//! Links that keep what a visitor came with: the token, and the parameters of the link they followed.

/// The parameter in which a page finds the token.
pub const PARAMETER: &str = "kf";

/// Parameters that only the router itself may set.
const OWN: [&str; 7] = [PARAMETER, "loop", "target", "customer_channel", "cq", "state", "scene"];

/// The longest address that is made; what does not fit any more is left out.
const LONGEST: usize = 2_000;

/// The address a visitor is sent to: `page` with the token, further parameters, and those of the link they followed
/// (`query`, as it was sent). A fragment stays at the end, and a parameter that the page has already is not repeated.
///
/// WeCom's customer links (获客助手) take the token as `customer_channel`, mini-program links (URL Link) within `cq`;
/// everything else as `kf`. A token has 29 letters and digits, so it fits each of them.
///
/// ```
/// use kfactor::livecode::link::carry;
/// let token = "0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
/// assert_eq!(
///     carry("https://example.com/tea#top", token, &[("loop", "L1")], "utm_source=wechat&kf=forged"),
///     "https://example.com/tea?kf=0OA2aaszmI1TKX80cBpKwKVR6Xxhi&loop=L1&utm_source=wechat#top"
/// );
/// assert_eq!(
///     carry("https://work.weixin.qq.com/ca/cawcde", token, &[], ""),
///     "https://work.weixin.qq.com/ca/cawcde?customer_channel=0OA2aaszmI1TKX80cBpKwKVR6Xxhi"
/// );
/// assert_eq!(
///     carry("https://wxaurl.cn/Ab1", token, &[], ""),
///     "https://wxaurl.cn/Ab1?cq=kf%3D0OA2aaszmI1TKX80cBpKwKVR6Xxhi"
/// );
/// ```
#[must_use]
pub fn carry(page: &str, token: &str, more: &[(&str, &str)], query: &str) -> String {
    let (page, fragment) = page.split_once('#').map_or((page, None), |(page, rest)| (page, Some(rest)));
    let mut link = Link { text: page.to_owned(), fragment };
    if !token.is_empty() {
        let (key, prefix) = place(page);
        link.add(key, &format!("{prefix}{token}"));
    }
    for (key, value) in more {
        link.add(key, value);
    }
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    for (key, value) in pairs.filter(|(key, value)| !OWN.contains(key) && fits(key) && fits(value)) {
        if !key.is_empty() && !link.has(key) {
            link.add(key, value);
        }
    }
    link.finish()
}

struct Link<'f> {
    text: String,
    fragment: Option<&'f str>,
}

impl Link<'_> {
    fn add(&mut self, key: &str, value: &str) {
        let fragment = self.fragment.map_or(0, str::len);
        if self.text.len() + fragment + key.len() + value.len() + 3 > LONGEST {
            return;
        }
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.push_str(key);
        self.text.push('=');
        self.text.push_str(value);
    }

    fn has(&self, key: &str) -> bool {
        let query = self.text.split_once('?').map_or("", |(_, query)| query);
        query.split('&').any(|pair| pair.split('=').next() == Some(key))
    }

    fn finish(self) -> String {
        match self.fragment {
            Some(fragment) => format!("{}#{fragment}", self.text),
            None => self.text,
        }
    }
}

/// Which parameter of an address takes a token, and what stands before the token in it.
fn place(page: &str) -> (&'static str, &'static str) {
    let address = page.strip_prefix("https://").unwrap_or(page);
    if address.starts_with("work.weixin.qq.com/ca/") {
        ("customer_channel", "")
    } else if ["wxaurl.cn/", "wxmpurl.cn/"].iter().any(|host| address.starts_with(host)) {
        ("cq", "kf%3D")
    } else {
        (PARAMETER, "")
    }
}

/// Whether a part of a query can stand in an address and in a header as it is.
fn fits(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_has_already_is_not_said_twice() {
        let query = "utm_source=b&utm_medium=c&utm_medium=d&&=x&flag";
        assert_eq!(
            carry("https://a.cn/?utm_source=a", "T", &[], query),
            "https://a.cn/?utm_source=a&kf=T&utm_medium=c&flag="
        );
    }

    #[test]
    fn nothing_that_could_end_a_header_or_the_address_gets_in() {
        let query = "a=b%0d&c=\r\nSet-Cookie:x&d=<script>&e=#f&%20=ok&target=x&cq=x";
        assert_eq!(carry("https://a.cn", "", &[], query), "https://a.cn?a=b%0d&%20=ok");
        let long = format!("a={}&b=c", "x".repeat(3_000));
        assert_eq!(carry("https://a.cn", "T", &[], &long), "https://a.cn?kf=T&b=c");
    }
}
