//! The description of the operation: `GET /tools`.

use serde_json::{Value, json};

/// The operation's name. Callers may write it in any letter case.
pub(crate) const OPERATION: &str = "sandboxitemresetlogin";

const DESCRIPTION: &str = "Force a Sandbox Item into ITEM_LOGIN_REQUIRED, to test that an application survives a broken \
                           bank login and repairs it with Link's update mode. If the Item has a webhook URL, an ITEM / ERROR \
                           webhook is fired. In the Sandbox an Item also enters this state after 30 days.";

/// The list of tools, with one entry.
pub(crate) fn tools() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!([{
        "provider": "plaid",
        "name": format!("plaid.{OPERATION}"),
        "operation": OPERATION,
        "description": DESCRIPTION,
        "inputSchema": {
            "type": "object",
            "properties": {
                "access_token": text("The Item's access token. It starts with access-sandbox-."),
                "client_id": text("Plaid's client_id. Default: the gateway's own."),
                "secret": text("Plaid's secret. Default: the gateway's own."),
            },
            "required": ["access_token"],
            "additionalProperties": false,
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "reset_login": {
                    "type": "boolean",
                    "description": "true if the Item is now in ITEM_LOGIN_REQUIRED.",
                },
                "request_id": text("Plaid's id of the request. Quote it to Plaid's support."),
            },
            "required": ["reset_login", "request_id"],
            "additionalProperties": true,
        },
    }])
}

/// The tools whose name or description contains every word of `query`, in any letter case.
pub(crate) fn search(query: &str) -> Value {
    let tools = tools();
    let found = tools.as_array().into_iter().flatten().filter(|tool| {
        let text = format!("{} {}", tool["name"], tool["description"]).to_lowercase();
        query
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
    });
    found.cloned().collect()
}
