//! Colours of the operator's own, and whether people can read with them.

use std::fmt;

/// The least contrast of text (WCAG 2.2, 1.4.3, level AA).
const LEAST_CONTRAST: f64 = 4.5;

/// A colour that stands out: of links and buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

/// A text that is no such colour.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ColorError {
    /// Not written as it must be.
    #[error("is no colour; write # and six hexadecimal digits, such as #0b5fff")]
    Form,
    /// Text in it cannot be read.
    #[error("has a contrast of {found:.2} to the page, text needs {LEAST_CONTRAST}; take a {cure} one")]
    Contrast {
        /// What it has.
        found: f64,
        /// What would help.
        cure: &'static str,
    },
}

const WHITE: Accent = Accent([0xff; 3]);
const BLACK: Accent = Accent([0; 3]);
/// The darkest ground of the light page, and the lightest of the dark one
/// (dashboard/src/styles/tokens.css).
const LIGHT_PAGE: Accent = Accent([0xee, 0xf1, 0xf5]);
const DARK_PAGE: Accent = Accent([0x17, 0x1b, 0x21]);

impl Accent {
    /// Reads a colour for the light page.
    ///
    /// # Errors
    /// [`ColorError`], when links in it could not be read there.
    pub fn on_light(text: &str) -> Result<Self, ColorError> {
        Self::parse(text)?.against(LIGHT_PAGE, "darker")
    }

    /// Reads a colour for the dark page.
    ///
    /// # Errors
    /// [`ColorError`], when links in it could not be read there.
    pub fn on_dark(text: &str) -> Result<Self, ColorError> {
        Self::parse(text)?.against(DARK_PAGE, "lighter")
    }

    fn parse(text: &str) -> Result<Self, ColorError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(ColorError::Form)?;
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain).ok_or(ColorError::Form)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }

    fn against(self, page: Self, cure: &'static str) -> Result<Self, ColorError> {
        let found = self.contrast(page);
        if found < LEAST_CONTRAST { Err(ColorError::Contrast { found, cure }) } else { Ok(self) }
    }

    /// The colour of text on it, black or white: one of them always has enough contrast.
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(BLACK) > self.contrast(WHITE) { BLACK } else { WHITE }
    }

    /// The contrast of two colours, 1 to 21, by WCAG 2.2.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(part);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        let color = |text| Accent::parse(text).unwrap();
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        // The lightest grey that passes on white, and the next one, which does not.
        assert!(color("#767676").contrast(WHITE) >= LEAST_CONTRAST);
        assert!(color("#777777").contrast(WHITE) < LEAST_CONTRAST);
        let faint = Accent::on_light("#8fb0ff");
        assert!(matches!(&faint, Err(error) if error.to_string().contains("take a darker one")), "{faint:?}");
        assert!(Accent::on_light("#2f5bd0").is_ok() && Accent::on_dark("#8fb0ff").is_ok());
        assert!(Accent::on_dark("#2f5bd0").is_err());
    }

    #[test]
    fn a_colour_has_one_spelling() {
        for text in ["", "0b5fff", "#fff", "#0b5ff", "#0b5fffff", "#+b5fff", "red", "#0b5fff;"] {
            assert_eq!(Accent::on_light(text), Err(ColorError::Form), "{text}");
        }
        assert_eq!(Accent::on_light("#0B5FFF").unwrap().to_string(), "#0b5fff");
    }

    proptest! {
        #[test]
        fn text_on_any_colour_can_be_read(parts in any::<[u8; 3]>()) {
            let color = Accent(parts);
            prop_assert!(color.contrast(color.text()) >= LEAST_CONTRAST);
        }
    }
}
