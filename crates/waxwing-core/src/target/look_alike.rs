//! Host names that are written so that they look like others.
//!
//! A label in Unicode is taken when it is "highly restrictive" (UTS 39, 5.2): all
//! of one script, or Latin with the scripts of Japanese, Chinese or Korean; that is
//! the rule of browsers. A label of another script must not look like Latin as a
//! whole either (UTS 39, 4). A label in its ASCII form, `xn--…`, looks like nothing
//! else and is taken as it is.

use ::url::quirks::domain_to_unicode;
use unicode_security::{
    RestrictionLevel::{HighlyRestrictive, SingleScript},
    RestrictionLevelDetection, skeleton,
};

/// Whether some label of `host` is written in `text` so that it looks like another
/// one. `host` is in its ASCII form, `text` is what it was given as.
pub(super) fn is_look_alike(host: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let labels = host.split('.').filter(|label| label.starts_with("xn--"));
    labels.filter(|label| !text.contains(label)).any(|label| misleads(&domain_to_unicode(label)))
}

fn misleads(label: &str) -> bool {
    let mixed = !label.check_restriction_level(HighlyRestrictive);
    // A Latin letter more would make it mixed.
    let not_latin = || !format!("{label}a").check_restriction_level(SingleScript);
    mixed || (not_latin() && skeleton(label).all(|c| c.is_ascii()))
}
