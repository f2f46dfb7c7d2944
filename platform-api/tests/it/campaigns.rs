//! Budgets, approvals, versions and stock.

#[path = "campaigns/approval.rs"]
mod approval;
#[path = "campaigns/budget.rs"]
mod budget;
#[path = "campaigns/recall.rs"]
mod recall;
#[path = "campaigns/stock.rs"]
mod stock;
