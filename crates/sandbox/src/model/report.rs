//! Asset reports: what was asked for, by their tokens.

use std::{
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

use serde_json::{Map, Value};

use crate::model::item::ItemIndex;

/// How many reports are remembered. The oldest is dropped first.
const KEPT: usize = 1_000;

/// An asset report. Its content is computed when it is read.
pub(crate) struct Report {
    pub(crate) id: String,
    pub(crate) items: Vec<ItemIndex>,
    pub(crate) days: u32,
    pub(crate) created_at: SystemTime,
    pub(crate) client_report_id: Option<String>,
    /// The `user` of the options, echoed by the report.
    pub(crate) user: Map<String, Value>,
}

/// The reports by token.
#[derive(Default)]
pub(crate) struct Reports {
    by_token: HashMap<String, Report>,
    /// The tokens, oldest first.
    tokens: VecDeque<String>,
}

impl Reports {
    pub(crate) fn add(&mut self, token: String, report: Report) {
        if self.tokens.len() == KEPT
            && let Some(oldest) = self.tokens.pop_front()
        {
            self.by_token.remove(&oldest);
        }
        self.tokens.push_back(token.clone());
        self.by_token.insert(token, report);
    }

    pub(crate) fn find(&self, token: &str) -> Option<&Report> {
        self.by_token.get(token)
    }
}
