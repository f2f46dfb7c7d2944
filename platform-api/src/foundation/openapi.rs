//! The API document: what the routes say about themselves, and what the table of roles adds.

use super::guard::{Access, Keyed, Row};
use serde_json::{Value, json};
use utoipa::{
    OpenApi as _, ToSchema,
    openapi::{
        Content, OpenApi, Ref, ResponseBuilder,
        extensions::Extensions,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "城市消费通 · City Consumption Pass",
        description = "Errors are RFC 9457 problem+json with a stable `code`. Money is whole fen (`*_fen`), rates are \
                       basis points (`*_bp`), instants are RFC 3339 in UTC (`*_at`)."
    ),
    components(schemas(ProblemBody))
)]
struct Base;

/// A refusal (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used; the body is written by `Problem`")]
struct ProblemBody {
    /// Names the kind of problem.
    #[schema(rename = "type", example = "urn:problem:out-of-window")]
    kind: String,
    /// What it means, always the same for one code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code to compare with.
    #[schema(example = "OUT_OF_WINDOW")]
    code: String,
    /// What is particular to this case.
    detail: Option<String>,
    /// The id to quote when asking for help.
    request_id: String,
}

/// The document before any route is added.
pub fn base() -> OpenApi {
    let mut document = Base::openapi();
    let session = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A session token, in the header or in the cookie `session_c`, `session_m`, `session_o` or `session_g`."))
        .build();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("session", SecurityScheme::Http(session));
    }
    document
}

/// Adds to each operation who may call it, how it refuses, and whether it takes a key.
pub fn describe(document: &mut OpenApi, rows: &[Row]) {
    for row in rows.iter().filter(|row| row.documented) {
        let operation =
            document.paths.paths.get_mut(row.path).and_then(|item| operation_mut(item, row.method));
        if let Some(operation) = operation {
            describe_operation(operation, row);
        }
    }
}

/// `(method, path)` of every operation in the document.
pub fn operations(document: &OpenApi) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (path, item) in &document.paths.paths {
        let all = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        found.extend(
            all.into_iter().filter(|(_, each)| each.is_some()).map(|(method, _)| (method, path.clone())),
        );
    }
    found
}

fn operation_mut<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

fn describe_operation(operation: &mut Operation, row: &Row) {
    let roles: Value = match row.access {
        Access::Public => json!(["public"]),
        Access::Roles(roles) => roles.iter().map(|role| role.as_str()).collect(),
    };
    let extensions = operation.extensions.get_or_insert_with(Extensions::default);
    extensions.insert("x-roles".to_owned(), roles);
    if row.access != Access::Public {
        operation.security = Some(vec![SecurityRequirement::new("session", [] as [&str; 0])]);
    }
    let refusal = ResponseBuilder::new()
        .description("A refusal; `code` says which.")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation.responses.responses.insert("default".to_owned(), refusal.into());
    if row.keyed != Keyed::No {
        let kept = if row.keyed == Keyed::ForEver { "kept for ever" } else { "kept 72 hours" };
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(utoipa::openapi::Required::True)
            .description(Some(format!("Makes the write happen once; {kept}.")))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(128))))
            .build();
        operation.parameters.get_or_insert_default().push(key.into());
    }
}
