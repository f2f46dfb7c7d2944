//! Consumers over HTTP.

mod operator;
mod pass;
mod person;
mod sign_in;

use super::jobs::JOBS;
use crate::{
    foundation::{
        act::Role,
        guard::{Access, Row},
    },
    modules::Module,
};
use utoipa_axum::{router::OpenApiRouter, routes};

const OWNER: Access = Access::Roles(&[Role::Consumer]);

const ACCESS: &[Row] = &[
    Row::post("/api/c/v1/auth/login", Access::Public).unkeyed("the answer holds a secret"),
    Row::get("/api/c/v1/me", OWNER),
    Row::put("/api/c/v1/me", OWNER),
    Row::get("/api/c/v1/profile", OWNER),
    Row::put("/api/c/v1/profile", OWNER),
    Row::get("/api/c/v1/consents", OWNER),
    Row::post("/api/c/v1/consents", OWNER),
    Row::post("/api/c/v1/consents/{purpose}/withdraw", OWNER),
    Row::post("/api/c/v1/crowd-code/evaluate", OWNER),
    Row::get("/api/c/v1/crowd-code", OWNER),
    Row::post("/api/o/v1/consumers/{consumer}/block", Access::Roles(&[Role::OpSuper])),
    Row::post("/api/c/v1/crowd-code/pass", OWNER).unkeyed("the answer holds a secret"),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(sign_in::login))
        .routes(routes!(person::get_me, person::put_me))
        .routes(routes!(person::get_profile, person::put_profile))
        .routes(routes!(person::get_consents, person::post_consent))
        .routes(routes!(person::withdraw_consent))
        .routes(routes!(person::evaluate))
        .routes(routes!(person::get_code))
        .routes(routes!(operator::block))
        .routes(routes!(pass::issue));
    Module { jobs: JOBS, ..Module::new(routes, ACCESS) }
}
