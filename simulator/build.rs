//! Compiles the markup of the panel, for builds that can open a window; element names go only into debug builds.

use std::error::Error;

#[cfg(feature = "desktop")]
fn main() -> Result<(), Box<dyn Error>> {
    let debug = std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let config = slint_build::CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_default_translation_context(slint_build::DefaultTranslationContext::None)
        .with_debug_info(debug);
    Ok(slint_build::compile_with_config("ui/panel.slint", config)?)
}

#[cfg(not(feature = "desktop"))]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(())
}
