//! With a seed a Sandbox repeats its credentials, ids, tokens and keys.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::Config;

use crate::plaid::Plaid;

async fn seeded(seed: Option<u64>) -> Plaid {
    Plaid::start_with(Config {
        seed,
        ..Config::default()
    })
    .await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Creates one of everything that has an id, with other requests in between. Returns the ids.
async fn create_ids(plaid: &Plaid, requests_between: usize) -> Vec<String> {
    let other_requests = async || {
        for _ in 0..requests_between {
            plaid.post("/item/get", json!({})).await;
            let unknown = json!({ "access_token": "access-sandbox-1" });
            plaid.post("/accounts/get", unknown).await;
        }
    };
    let mut ids = vec![
        plaid.sandbox.client_id().to_owned(),
        plaid.secret().to_owned(),
    ];
    for _ in 0..3 {
        other_requests().await;
        let item = plaid.item(None);
        let accounts = plaid.with_token("/accounts/get", &item).await.json();
        ids.push(item.item_id);
        ids.push(item.access_token.expose_secret().to_owned());
        ids.push(text(&accounts["accounts"][13]["account_id"]));
    }
    let fields = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", fields).await;
    let public_token = created.json()["public_token"].clone();
    ids.push(text(&public_token));
    other_requests().await;
    let exchange = json!({ "public_token": public_token });
    let path = "/item/public_token/exchange";
    let exchanged = plaid.post(path, exchange).await.json();
    ids.push(text(&exchanged["access_token"]));
    ids.push(text(&exchanged["item_id"]));
    let fields = json!({ "access_token": exchanged["access_token"] });
    let path = "/item/access_token/invalidate";
    let renewed = plaid.post(path, fields).await.json();
    ids.push(text(&renewed["new_access_token"]));
    let fields = json!({
        "client_name": "A",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u" },
        "products": ["auth"],
        "hosted_link": {},
    });
    let created = plaid.post("/link/token/create", fields).await.json();
    ids.push(text(&created["link_token"]));
    let page = text(&created["hosted_link_url"]);
    ids.push(page.rsplit('/').next().unwrap().to_owned());
    ids.push(crate::webhooks::kid(plaid).await);
    ids.push(plaid.sandbox.rotate_key());
    ids
}

/// Checks that the lists have no common id.
fn check_disjoint(one: &[String], other: &[String]) {
    assert_eq!(one.len(), other.len());
    for id in one {
        assert!(!other.contains(id), "{id}");
    }
}

#[tokio::test]
async fn a_seed_makes_the_same_ids_whatever_requests_come_between() {
    let first = create_ids(&seeded(Some(7)).await, 0).await;
    assert_eq!(create_ids(&seeded(Some(7)).await, 0).await, first);
    assert_eq!(create_ids(&seeded(Some(7)).await, 5).await, first);
}

#[tokio::test]
async fn another_seed_or_none_makes_other_ids() {
    let ids = create_ids(&seeded(Some(0)).await, 0).await;
    for id in &ids {
        let times = ids.iter().filter(|other| *other == id).count();
        assert_eq!(times, 1, "{id}");
    }
    check_disjoint(&ids, &create_ids(&seeded(Some(1)).await, 0).await);
    check_disjoint(&ids, &create_ids(&seeded(Some(u64::MAX)).await, 0).await);
    let unseeded = create_ids(&seeded(None).await, 0).await;
    check_disjoint(&ids, &unseeded);
    check_disjoint(&unseeded, &create_ids(&seeded(None).await, 0).await);
}

#[tokio::test]
async fn a_reset_repeats_the_seed() {
    let plaid = seeded(Some(7)).await;
    let ids = create_ids(&plaid, 0).await;
    plaid.sandbox.reset().await;
    assert_eq!(create_ids(&plaid, 0).await, ids);

    // Without a seed a reset makes new ids. The credentials stay.
    let plaid = seeded(None).await;
    let ids = create_ids(&plaid, 0).await;
    plaid.sandbox.reset().await;
    let after = create_ids(&plaid, 0).await;
    assert_eq!(after[..2], ids[..2]);
    check_disjoint(&after[2..], &ids[2..]);
}

#[tokio::test]
async fn the_same_requests_have_the_same_request_ids() {
    let request_ids = async |plaid: &Plaid| {
        let mut ids = Vec::new();
        for path in ["/item/get", "/nowhere", "/accounts/get"] {
            ids.push(text(
                &plaid.post(path, json!({})).await.json()["request_id"],
            ));
        }
        ids
    };
    let plaid = seeded(Some(7)).await;
    let ids = request_ids(&plaid).await;
    assert_eq!(request_ids(&seeded(Some(7)).await).await, ids);
    check_disjoint(&request_ids(&seeded(Some(8)).await).await, &ids);
    check_disjoint(&request_ids(&plaid).await, &ids);
    plaid.sandbox.reset().await;
    assert_eq!(request_ids(&plaid).await, ids);
}
