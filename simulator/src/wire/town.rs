//! What a wire story is played in: a platform, the proxy before it, one kiosk behind the proxy, and shoppers.

use super::kiosk::Kiosk;
use crate::{
    cast::{
        city::City,
        people::Shopper,
        platform::{Caller, Desk, Platform},
        report::{Broken, Trying, must},
    },
    proxy::{Authority, Fault, Proxy, Rule},
};
use domain::ids::{BatchId, EventId};
use protocol::outbox::Verdict;
use serde::Deserialize;
use serde_json::json;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};
use tokio::runtime::Runtime;

/// Anybody may claim one a day; thirty slots a lease.
const NOODLES: &str = "一碗面立减5元";
/// Anybody may claim one; two slots a lease, so every second claim asks for another lease.
const GIFT: &str = "伴手礼限量券20元";

/// Everything the story holds.
pub(super) struct Town {
    pub(super) kiosk: Kiosk,
    pub(super) proxy: Proxy,
    platform: Platform,
    city: City,
    auditor: Caller,
    shoppers: u32,
    claims: Vec<Claim>,
    runtime: Runtime,
}

/// A coupon that a screen has shown.
struct Claim {
    shopper: Shopper,
    batch: String,
    event: EventId,
}

#[derive(Deserialize)]
struct Pairing {
    code: String,
}

/// The books of one batch, as the platform tells them.
#[derive(Debug, Deserialize)]
struct Stock {
    stock_total: u32,
    stock_free: u32,
    stock_leased: u32,
    stock_issued: u32,
}

impl Town {
    /// Puts a proxy that ends TLS before the demo platform at `origin`, and a kiosk that nobody has paired behind it.
    pub(super) fn open(origin: &str, data: &Path) -> Result<Town, Broken> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().trying("starting")?;
        let platform = Platform::at(origin, "wire".to_owned())?;
        let address: SocketAddr =
            origin.trim_start_matches("http://").parse().trying("reading the platform's address")?;
        let authority = Authority::new().trying("making an authority")?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (city, auditor, clock, proxy) = runtime.block_on(async {
            let city: City = platform.get("/demo/city", None).await?;
            let login = &city.staff("op_auditor")?.login;
            let auditor = platform.sign_in(Desk::Operator, login, &city.staff_password).await?;
            let proxy = Proxy::start(listen, address, Some(&authority)).await.trying("starting the proxy")?;
            Ok::<_, Broken>((city, auditor, platform.clock().await?, proxy))
        })?;
        let kiosk = Kiosk::start(data, &authority.pem(), clock.offset_ms)?;
        Ok(Town { kiosk, proxy, platform, city, auditor, shoppers: 0, claims: Vec::new(), runtime })
    }

    /// A fresh pairing code.
    pub(super) fn pairing_code(&self) -> Result<String, Broken> {
        self.runtime.block_on(async {
            let login = &self.city.staff("op_fleet")?.login;
            let fleet = self.platform.sign_in(Desk::Operator, login, &self.city.staff_password).await?;
            let place = json!({ "mall": self.city.mall, "place": "一层中庭东侧" });
            let Pairing { code } =
                self.platform.post("/api/o/v1/kiosks/pairing-codes", &fleet, &place).await?;
            Ok(code)
        })
    }

    /// Batches the demo city offers.
    pub(super) fn batches(&self) -> usize {
        self.city.batches.len()
    }

    /// Somebody new claims noodles.
    pub(super) fn claim_noodles(&mut self) -> Result<EventId, Broken> {
        self.claim(NOODLES)
    }

    /// Somebody new claims a gift.
    pub(super) fn claim_gift(&mut self) -> Result<EventId, Broken> {
        self.claim(GIFT)
    }

    /// Gifts the kiosk can still issue.
    pub(super) fn gifts(&self) -> Result<u32, Broken> {
        let batch = batch_id(&self.city.batch(GIFT)?.id)?;
        self.kiosk.stock(batch)
    }

    /// Waits until the kiosk can issue noodles and gifts.
    pub(super) fn wait_for_leases(&mut self) -> Result<(), Broken> {
        for title in [NOODLES, GIFT] {
            let batch = batch_id(&self.city.batch(title)?.id)?;
            self.kiosk.until("a lease", |kiosk| Ok(kiosk.stock(batch)? > 0))?;
        }
        Ok(())
    }

    /// Lets a fault happen to the next `times` requests of this path.
    pub(super) fn expect(&self, path: &'static str, fault: Fault, times: usize) {
        self.proxy.expect(Rule { path, fault, times });
    }

    /// Waits until the proxy has done something `hits` times in all.
    pub(super) fn wait_for_hits(&self, hits: usize) -> Result<(), Broken> {
        let mut seen = self.proxy.hits();
        let waiting = async { seen.wait_for(|seen| *seen >= hits).await.map(drop) };
        let limit = std::time::Duration::from_secs(60);
        self.runtime
            .block_on(async { tokio::time::timeout(limit, waiting).await })
            .trying("waiting for a fault to hit")?
            .trying("asking the proxy")
    }

    /// How many faults have hit.
    pub(super) fn hits(&self) -> usize {
        *self.proxy.hits().borrow()
    }

    /// Every claim is on the platform exactly once: one word each, one coupon each.
    pub(super) fn check_claims(&mut self) -> Result<usize, Broken> {
        must(self.kiosk.waiting()? == 0, || "claims still wait in the outbox".to_owned())?;
        for claim in &self.claims {
            let again = self.kiosk.told_again(claim.event);
            must(again == 0, || format!("the screen heard {again} more words on one claim"))?;
            self.runtime.block_on(claim.shopper.one_coupon(&self.platform, &claim.batch))?;
        }
        Ok(self.claims.len())
    }

    /// I4 as the platform tells it, and no lease doubled or lost: what it says is lent is what the kiosk can issue.
    pub(super) fn check_stock(&self) -> Result<String, Broken> {
        let mut seen = Vec::new();
        for title in [NOODLES, GIFT] {
            let id = self.city.batch(title)?.id.clone();
            let path = format!("/api/o/v1/batches/{id}");
            let stock: Stock = self.runtime.block_on(self.platform.get(&path, Some(&self.auditor)))?;
            let held = self.kiosk.stock(batch_id(&id)?)?;
            let claimed = self.claims.iter().filter(|claim| claim.batch == id).count();
            let sum = stock.stock_free + stock.stock_leased + stock.stock_issued;
            let holds = sum == stock.stock_total
                && stock.stock_leased == held
                && usize::try_from(stock.stock_issued).is_ok_and(|issued| issued == claimed);
            must(holds, || format!("{title}: {stock:?}, the kiosk holds {held}, {claimed} were claimed"))?;
            let Stock { stock_total, stock_free, stock_leased, stock_issued } = stock;
            seen.push(format!("{title} {stock_free} + {stock_leased} + {stock_issued} = {stock_total}"));
        }
        Ok(seen.join("；"))
    }

    /// Waits for the platform's word on a claim: a coupon, and nothing else.
    pub(super) fn issued(&mut self, event: EventId) -> Result<(), Broken> {
        let settled = self.kiosk.settled(event)?;
        must(matches!(settled.verdict, Verdict::Issued { .. }), || format!("{:?}", settled.verdict))
    }

    fn claim(&mut self, title: &str) -> Result<EventId, Broken> {
        let batch = self.city.batch(title)?.id.clone();
        self.shoppers += 1;
        let phone = format!("139{:08}", self.shoppers);
        let (shopper, code) = self.runtime.block_on(async {
            let caller = self.platform.sign_in_phone(&phone).await?;
            let shopper = Shopper::new(&phone, caller);
            let code = shopper.code(&self.platform).await?;
            Ok::<_, Broken>((shopper, code))
        })?;
        let event = self.kiosk.claim(&code, batch_id(&batch)?)?;
        self.claims.push(Claim { shopper, batch, event });
        Ok(event)
    }
}

fn batch_id(text: &str) -> Result<BatchId, Broken> {
    text.parse().trying("reading a batch's id")
}
