//! Compiles the markup: fonts and translations go into the binary, element names only into debug builds.

use std::error::Error;

use slint_build::{CompilerConfiguration, DefaultTranslationContext, EmbedResourcesKind};

fn main() -> Result<(), Box<dyn Error>> {
    let debug = std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let config = CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .embed_resources(EmbedResourcesKind::EmbedFiles)
        .with_bundled_translations("translations")
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_debug_info(debug);
    slint_build::compile_with_config("slint/app.slint", config)?;
    Ok(())
}
