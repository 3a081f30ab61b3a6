//! Injected faults: errors, delays and broken connections on Plaid's routes.

use std::borrow::Cow;

use fastrand::Rng;
use serde::Serialize;

use crate::plaid::{error_table, routes::RouteSpec};

/// A fault for [`Controls::inject`](crate::Controls::inject). Serialises to an object with these
/// names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// The route, for instance `/item/get`; by default all of Plaid's routes. The Sandbox's own
    /// routes have no faults.
    pub path: Option<String>,
    /// How many requests it hits before it is used up; by default there is no limit.
    pub times: Option<u64>,
    /// The probability that it hits a request, above 0 and at most 1; by default 1.
    pub probability: Option<f64>,
    /// What it does.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a [`Fault`] does to a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Delays the reply, in real time. Several delays add up.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Answers one of Plaid's errors, and does nothing else.
    Error {
        /// The HTTP status; by default that of `error_code`.
        status: Option<u16>,
        /// Plaid's code; by default that of `status`: NOT_FOUND, RATE_LIMIT, PLANNED_MAINTENANCE,
        /// otherwise INTERNAL_SERVER_ERROR.
        error_code: Option<String>,
        /// The `Retry-After` header, in seconds; by default none.
        #[serde(rename = "retryAfter")]
        retry_after: Option<u64>,
    },
    /// Answers an HTML page as a proxy does, and does nothing else.
    Html {
        /// The HTTP status; by default 502.
        status: Option<u16>,
    },
    /// Resets the connection, and does nothing else.
    Reset,
    /// Does what the request asks, but ends the connection in the middle of the reply.
    CutShort,
    /// Never replies, and does nothing else.
    Hang,
}

/// One hour.
const MAX_DELAY_MS: u64 = 60 * 60 * 1000;

/// The active faults.
pub(crate) struct Faults {
    random: Rng,
    /// The first one that hits a request decides how it fails.
    active: Vec<Fault>,
}

/// A fault that cannot be injected, and why.
pub(crate) struct InvalidFault {
    pub(crate) field: &'static str,
    pub(crate) problem: Cow<'static, str>,
}

/// What the faults do to one request.
#[derive(Default)]
pub(crate) struct Hit {
    pub(crate) delay_ms: u64,
    /// Never a delay.
    pub(crate) failure: Option<Effect>,
}

impl Effect {
    /// The name in the log and in JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Effect::Delay { .. } => "delay",
            Effect::Error { .. } => "error",
            Effect::Html { .. } => "html",
            Effect::Reset => "reset",
            Effect::CutShort => "cut_short",
            Effect::Hang => "hang",
        }
    }
}

impl Faults {
    pub(crate) fn new(random: Rng) -> Self {
        Faults {
            random,
            active: Vec::new(),
        }
    }

    /// # Errors
    ///
    /// [`InvalidFault`] about the first field with an invalid value.
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), InvalidFault> {
        check(&fault)?;
        self.active.push(fault);
        Ok(())
    }

    pub(crate) fn active(&self) -> &[Fault] {
        &self.active
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// Decides what the faults do to one request to the route at `path`.
    pub(crate) fn draw(&mut self, path: &str) -> Hit {
        let mut hit = Hit::default();
        let random = &mut self.random;
        self.active.retain_mut(|fault| {
            let delays = matches!(fault.effect, Effect::Delay { .. });
            let hits = fault.path.as_deref().is_none_or(|wanted| wanted == path)
                && (delays || hit.failure.is_none())
                && fault.probability.is_none_or(|chance| random.f64() < chance);
            if !hits {
                return true;
            }
            match &fault.effect {
                Effect::Delay { ms } => hit.delay_ms = hit.delay_ms.saturating_add(*ms),
                effect => hit.failure = Some(effect.clone()),
            }
            match &mut fault.times {
                None => true,
                Some(times) => {
                    *times -= 1;
                    *times > 0
                }
            }
        });
        hit
    }
}

fn check(fault: &Fault) -> Result<(), InvalidFault> {
    let invalid = |field, problem: Cow<'static, str>| Err(InvalidFault { field, problem });
    let is_unknown = |path: &String| RouteSpec::find(path).is_none();
    if fault.path.as_ref().is_some_and(is_unknown) {
        let problem = "must be the path of a route of Plaid's API, such as /item/get";
        return invalid("path", problem.into());
    }
    if fault.times == Some(0) {
        return invalid("times", "must be a whole number above 0".into());
    }
    let is_possible = |chance: f64| chance > 0.0 && chance <= 1.0;
    if fault.probability.is_some_and(|chance| !is_possible(chance)) {
        let problem = "must be a number above 0, at most 1";
        return invalid("probability", problem.into());
    }
    match &fault.effect {
        Effect::Delay { ms } if *ms > MAX_DELAY_MS => {
            let problem = "must be a number of milliseconds from 0 to 3600000";
            invalid("ms", problem.into())
        }
        Effect::Error {
            error_code: Some(code),
            ..
        } if error_table::find(code).is_none() => {
            let codes = error_table::codes().collect::<Vec<_>>().join(", ");
            let problem = format!("must be one of the codes that the Sandbox knows: {codes}");
            invalid("error_code", problem.into())
        }
        Effect::Error {
            status: Some(status),
            ..
        }
        | Effect::Html {
            status: Some(status),
        } if !(400..=599).contains(status) => {
            let problem = "must be an HTTP status from 400 to 599";
            invalid("status", problem.into())
        }
        Effect::Error {
            status: Some(status),
            error_code: None,
            ..
        } if *status != 404 && *status != 429 && *status < 500 => {
            let problem = "is missing: only the statuses 404, 429 and 500 to 599 have a default";
            invalid("error_code", problem.into())
        }
        _ => Ok(()),
    }
}
