//! The recurring streams of `user_good`, as `/transactions/recurring/get` finds them in an Item's
//! transactions. Which kinds form a stream, in which order, and how each is described is observed.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{transaction::Transaction, transactions::Row};
use crate::plaid::json;

static STREAMS: LazyLock<Vec<Stream>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/recurring.json"))
        .expect("recurring.json is a list of streams")
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flow {
    Inflow,
    Outflow,
}

#[derive(Deserialize)]
struct Stream {
    flow: Flow,
    mask: String,
    /// The name of its transactions.
    name: String,
    /// Its fields, without ids, amounts and dates.
    stream: Map<String, Value>,
}

/// A stream with its transactions, oldest first.
pub(crate) struct FoundStream {
    kind: usize,
    rows: Vec<Row>,
}

/// The streams of this flow in the transactions of the grid.
pub(crate) fn find(rows: &[Transaction<'_>], flow: Flow) -> Vec<FoundStream> {
    let of_flow = STREAMS
        .iter()
        .enumerate()
        .filter(|(_, stream)| stream.flow == flow);
    let found = of_flow.map(|(kind, stream)| {
        let is_in = |row: &Row| row.mask() == stream.mask && row.name() == stream.name;
        let on_grid = rows.iter().filter_map(|row| match row {
            Transaction::Grid(row) => Some(*row),
            Transaction::Own(_) => None,
        });
        let mut rows: Vec<Row> = on_grid.filter(is_in).collect();
        rows.sort_by_key(|row| row.date);
        FoundStream { kind, rows }
    });
    found.filter(|stream| !stream.rows.is_empty()).collect()
}

impl FoundStream {
    /// Unique within one Item.
    pub(crate) fn key(&self) -> u64 {
        self.kind as u64
    }

    /// The mask of its account.
    pub(crate) fn mask(&self) -> &'static str {
        &STREAMS[self.kind].mask
    }

    /// The stream as Plaid's replies show it. The order of its transactions is inferred.
    pub(crate) fn to_json(
        &self,
        account_id: &str,
        stream_id: &str,
        transaction_id: impl Fn(Row) -> String,
    ) -> Value {
        let of = &STREAMS[self.kind];
        let (first, last) = (self.rows[0], self.rows[self.rows.len() - 1]);
        // Summed one by one, as Plaid does: three times 89.4 is 268.20000000000005 (observed).
        let sum: f64 = self.rows.iter().map(|row| row.amount()).sum();
        let average = sum / self.rows.len() as f64;
        let ids: Vec<String> = self.rows.iter().copied().map(transaction_id).collect();
        let mut stream = of.stream.clone();
        let fields = [
            ("account_id", json!(account_id)),
            ("average_amount", json!({ "amount": json::number(average) })),
            ("description", json!(of.name)),
            ("first_date", json!(first.date.to_string())),
            (
                "last_amount",
                json!({ "amount": json::number(last.amount()) }),
            ),
            ("last_date", json!(last.date.to_string())),
            (
                "predicted_next_date",
                json!(last.date.next_month().to_string()),
            ),
            ("stream_id", json!(stream_id)),
            ("transaction_ids", json!(ids)),
        ];
        stream.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        stream.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{day::Day, transactions::rows},
        *,
    };

    /// The window of the recording.
    fn streams(flow: Flow) -> Vec<Value> {
        let day = |text| Day::parse(text).unwrap();
        let rows = rows(day("2026-05-23")..=day("2026-08-21"));
        let rows: Vec<_> = rows.into_iter().map(Transaction::Grid).collect();
        let found = find(&rows, flow);
        found
            .iter()
            .map(|stream| stream.to_json("a", "s", |_| "t".to_owned()))
            .collect()
    }

    #[test]
    fn the_streams_of_ninety_days_are_those_of_the_recording() {
        let shown = |flow| {
            let shown = streams(flow).into_iter().map(|stream| {
                let text = |name: &str| stream[name].as_str().unwrap().to_owned();
                let count = stream["transaction_ids"].as_array().unwrap().len();
                (
                    text("description"),
                    text("first_date"),
                    text("last_date"),
                    count,
                )
            });
            shown.collect::<Vec<_>>()
        };
        let owned = |(name, first, last, count): (&str, &str, &str, usize)| {
            (name.to_owned(), first.to_owned(), last.to_owned(), count)
        };
        assert_eq!(
            shown(Flow::Inflow),
            [("INTRST PYMNT", "2026-06-08", "2026-08-07", 3)].map(owned)
        );
        let outflows = [
            ("AUTOMATIC PAYMENT - THANK", "2026-05-23", "2026-08-21", 4),
            ("Madison Bicycle Shop", "2026-05-23", "2026-08-21", 4),
            ("Tectra Inc", "2026-05-24", "2026-07-23", 3),
            ("United Airlines", "2026-05-29", "2026-07-28", 3),
            ("SparkFun", "2026-06-09", "2026-08-08", 3),
            ("Touchstone Climbing", "2026-06-11", "2026-08-10", 3),
            (
                "CREDIT CARD 3333 PAYMENT *//",
                "2026-06-13",
                "2026-08-12",
                3,
            ),
        ];
        assert_eq!(shown(Flow::Outflow), outflows.map(owned));
    }

    #[test]
    fn amounts_and_the_next_date_are_those_of_the_recording() {
        let outflows = streams(Flow::Outflow);
        let sparkfun = &outflows[4];
        assert_eq!(
            sparkfun["average_amount"],
            json!({ "amount": 89.40000000000002 })
        );
        assert_eq!(sparkfun["last_amount"], json!({ "amount": 89.4 }));
        assert_eq!(sparkfun["predicted_next_date"], "2026-09-08");
        assert_eq!(outflows[1]["average_amount"], json!({ "amount": 500 }));
    }
}
