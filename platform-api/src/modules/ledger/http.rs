//! What operators and auditors see of the ledger.

use super::{
    model::{AccountBalance, TrialBalance},
    service,
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::Problem,
        guard::{Access, Row},
        page::{Page, PageQuery},
        request::Call,
    },
    modules::Module,
};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const READERS: Access = Access::Roles(&[Role::OpSuper, Role::OpAuditor, Role::GovAuditor]);
const ACCESS: &[Row] =
    &[Row::get("/api/o/v1/ledger/trial-balance", READERS), Row::get("/api/o/v1/ledger/accounts", READERS)];

/// The module's routes.
pub fn module() -> Module {
    Module::new(OpenApiRouter::new().routes(routes!(trial_balance)).routes(routes!(accounts)), ACCESS)
}

/// The sum of the whole ledger, recomputed from its entries.
#[derive(Serialize, ToSchema)]
struct TrialBalanceBody {
    /// One line per number of the chart.
    lines: Vec<LineBody>,
    /// All balances together; always 0.
    #[schema(example = 0)]
    total_fen: i64,
    /// Transactions posted.
    transactions: u32,
    /// Accounts whose stored balance differs from their entries; always 0.
    differing_accounts: u32,
    /// Transactions begun and not posted; always 0.
    unposted_transactions: u32,
    /// True if nothing above is an alarm.
    sound: bool,
}

/// The accounts of one number of the chart, added up.
#[derive(Serialize, ToSchema)]
struct LineBody {
    /// The number in the chart.
    #[schema(example = "2002")]
    code: String,
    /// Their sum: + debit, − credit.
    #[schema(example = -9_600_000)]
    balance_fen: i64,
}

impl From<TrialBalance> for TrialBalanceBody {
    fn from(balance: TrialBalance) -> TrialBalanceBody {
        let sound = balance.is_sound();
        let line = |(code, sum): (String, domain::money::Fen)| LineBody { code, balance_fen: sum.get() };
        TrialBalanceBody {
            lines: balance.codes.into_iter().map(line).collect(),
            total_fen: balance.total_fen.get(),
            transactions: balance.transactions,
            differing_accounts: balance.differing_accounts,
            unposted_transactions: balance.unposted_transactions,
            sound,
        }
    }
}

/// Adds the whole ledger up from its entries.
#[utoipa::path(get, path = "/api/o/v1/ledger/trial-balance", tag = "ledger",
    responses((status = 200, body = TrialBalanceBody)))]
async fn trial_balance(State(app): State<App>, call: Call) -> Result<Json<TrialBalanceBody>, Problem> {
    app.read(call, |tx, _| service::trial_balance(tx)).await.map(|balance| Json(balance.into()))
}

/// One account.
#[derive(Serialize, ToSchema)]
struct AccountBody {
    /// Its name: the number in the chart and, after a colon, its holder.
    account: String,
    /// The number in the chart.
    code: String,
    /// Whose account it is; empty for the platform's own.
    holder: String,
    /// What it holds: + debit, − credit.
    balance_fen: i64,
}

impl From<AccountBalance> for AccountBody {
    fn from(balance: AccountBalance) -> AccountBody {
        AccountBody {
            account: balance.account,
            code: balance.code,
            holder: balance.holder,
            balance_fen: balance.balance_fen.get(),
        }
    }
}

/// Lists the accounts with their balances, in the order of their names.
#[utoipa::path(get, path = "/api/o/v1/ledger/accounts", tag = "ledger", params(PageQuery),
    responses((status = 200, body = Page<AccountBody>)))]
async fn accounts(
    State(app): State<App>,
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AccountBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let rows = app.read(call, move |tx, _| service::accounts(tx, &after, limit + 1)).await?;
    Ok(Json(Page::from_rows(rows, limit, |row| row.account.clone()).map(AccountBody::from)))
}
