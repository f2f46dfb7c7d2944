//! The language of the texts in the markup; texts that come through a door are the caller's.

/// A language the screens speak. Chinese is what shows when nobody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// 简体中文, the source text of the markup.
    #[default]
    Chinese,
    /// English, bundled from `translations/en`.
    English,
}

impl Language {
    /// Switches every window of this process, at once; a window must exist before.
    ///
    /// # Errors
    /// When the bundle lacks the language, or no window was ever made.
    pub fn select(self) -> Result<(), slint::SelectBundledTranslationError> {
        slint::select_bundled_translation(self.tag())
    }

    /// The source language is bundled under no name.
    fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "",
            Self::English => "en",
        }
    }
}
