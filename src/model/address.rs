//! Form of e-mail addresses: `local@domain`, as far as it can be told without asking the domain.

use super::fold::fold;
use super::line::is_invisible;

/// Octets, by RFC 5321: the whole, and its parts.
const ADDRESS: usize = 254;
const LOCAL: usize = 64;
const DOMAIN: usize = 255;
const LABEL: usize = 63;
/// What has a meaning of its own where addresses are listed. Quoted local parts are in no use.
const SPECIAL: &[char] = &['(', ')', '<', '>', '[', ']', ',', ';', ':', '\\', '"', '@'];

/// Whether a text of one line has the form of an address. Letters of any script are, as by SMTPUTF8; a name in front of it and
/// a domain by its number are not.
pub fn is_address(text: &str) -> bool {
    text.len() <= ADDRESS && text.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
}

/// Whether two texts are one address: no provider tells them apart by case.
pub fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

/// Lenient: providers have given out names with dots wherever people like them.
fn is_local(local: &str) -> bool {
    (1..=LOCAL).contains(&local.len()) && !local.contains(|c| is_no_part(c) || SPECIAL.contains(&c))
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= DOMAIN && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && !is_no_part(c));
    (1..=LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(part)
}

fn is_no_part(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case() {
        assert!(same("Rita@Example.COM", "rita@example.com") && same("DÖRTE@x.de", "dörte@X.DE"));
        assert!(!same("rita@example.com", "rita@example.org"));
    }

    #[test]
    fn addresses_have_a_form() {
        for address in [
            "ann@example.com",
            "a@b",
            "root@localhost",
            "first.last+tag@sub.example.co.uk",
            "o'hara_=/#!%&*?^`{|}~$-@xn--bcher-kva.example",
            "..dots..@docomo.example",
            "用户@例子.广告",
            "अजय@डाटा.भारत",
            "Dörte@Sörensen.example",
        ] {
            assert!(is_address(address), "{address}");
        }
        let long = |local: usize, domain: &str| format!("{}@{domain}", "l".repeat(local));
        assert!(is_address(&long(64, "example.com")) && is_address(&long(1, &format!("{}.com", "d".repeat(63)))));
        for text in [
            "not an address",
            "ann",
            "@example.com",
            "ann@",
            "ann@example..com",
            "ann@example.com.",
            "ann@-example.com",
            "ann@exa mple.com",
            "an n@example.com",
            "Ann <ann@example.com>",
            "ann@example.com, bob@example.com",
            "ann@bob@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann@my_host",
            "mailto:ann@example.com",
            "ann\u{200b}@example.com",
            "ann\u{a0}b@example.com",
            &long(65, "example.com"),
            &long(1, &format!("{}.com", "d".repeat(64))),
            &long(1, &["d".repeat(63), "d".repeat(63), "d".repeat(63), "d".repeat(61)].join(".")),
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
