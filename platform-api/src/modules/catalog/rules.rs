//! What a product must look like.

use super::model::{CatalogError, Product};
use domain::money::Fen;

const SKU_CHARS_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 40;
const CATEGORY_CHARS_MAX: usize = 20;
/// A million yuan, as for a line of a cart.
const PRICE_MAX: Fen = Fen::new(100_000_000);

/// Accepts a product with a number, a name, a category and a price that can be meant.
pub fn check(product: &Product) -> Result<(), CatalogError> {
    let is_sku_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let sku = &product.sku;
    if sku.is_empty() || sku.len() > SKU_CHARS_MAX || !sku.bytes().all(is_sku_byte) {
        return Err(CatalogError::Field("sku"));
    }
    check_text("name", &product.name, NAME_CHARS_MAX)?;
    check_text("category", &product.category, CATEGORY_CHARS_MAX)?;
    if product.price_fen.is_negative() || product.price_fen > PRICE_MAX {
        return Err(CatalogError::Field("price_fen"));
    }
    Ok(())
}

fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), CatalogError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(CatalogError::Field(field)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::StoreId;

    #[test]
    fn a_product_has_a_number_a_name_and_a_price_that_can_be_meant() {
        let product = |sku: &str, name: &str, fen| Product {
            store: StoreId::from_bytes([1; 16]),
            sku: sku.to_owned(),
            name: name.to_owned(),
            category: "面食".to_owned(),
            price_fen: Fen::new(fen),
            listed: true,
        };
        assert!(check(&product("NOODLE-1", "雪菜肉丝面", 2_200)).is_ok());
        let wrong = [
            (product("面", "雪菜肉丝面", 1), "sku"),
            (product("A", " ", 1), "name"),
            (product("A", "面", -1), "price_fen"),
            (product("A", "面", 100_000_001), "price_fen"),
        ];
        for (product, field) in wrong {
            assert!(matches!(check(&product), Err(CatalogError::Field(found)) if found == field));
        }
    }
}
