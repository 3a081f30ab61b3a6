//! What is made to go wrong, on purpose: errors, delays and broken connections on Plaid's routes.

use serde::Serialize;

use crate::{error::SandboxError, plaid_error::PlaidError, random::Random, routes::ROUTES};

/// A fault to inject with [`Controls::inject`](crate::Controls::inject). Serialises to an object of
/// these names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// The route it is for, such as `/item/get`; by default all of Plaid's routes. The Sandbox's
    /// own are never touched.
    pub path: Option<String>,
    /// How many requests it hits before it is spent; by default it is never spent.
    pub times: Option<u64>,
    /// How likely it hits a request, above 0 and at most 1; by default it hits each.
    pub probability: Option<f64>,
    /// What it does.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a [`Fault`] does to a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// The reply comes later, by so many milliseconds of real time. Of several delays a request
    /// takes the sum.
    Delay {
        /// How much later.
        ms: u64,
    },
    /// One of Plaid's errors, instead of doing what was asked.
    Error {
        /// The HTTP status; by default the one that goes with `error_code`.
        status: Option<u16>,
        /// Plaid's code; by default what goes with `status`: NOT_FOUND, RATE_LIMIT,
        /// PLANNED_MAINTENANCE, and otherwise INTERNAL_SERVER_ERROR.
        error_code: Option<String>,
        /// The `Retry-After` header, in seconds; by default there is none.
        #[serde(rename = "retryAfter")]
        retry_after: Option<u64>,
    },
    /// A page such as a proxy sends, instead of doing what was asked.
    Html {
        /// The HTTP status; by default 502.
        status: Option<u16>,
    },
    /// The connection is reset, and nothing was done.
    Reset,
    /// What was asked is done, but the connection ends in the middle of the reply.
    CutShort,
    /// No reply ever comes, and nothing was done.
    Hang,
}

/// The faults in force.
pub(crate) struct Faults {
    random: Random,
    /// The first one that hits a request is the one that fails it.
    active: Vec<Fault>,
}

/// What the faults do to one request.
#[derive(Default)]
pub(crate) struct Hit {
    pub(crate) delay_ms: u64,
    pub(crate) failure: Option<Failure>,
}

/// How a request fails.
pub(crate) enum Failure {
    Error {
        error: PlaidError,
        retry_after: Option<u64>,
    },
    Html {
        status: u16,
    },
    Reset,
    CutShort,
    Hang,
}

impl Faults {
    pub(crate) fn new(random: Random) -> Self {
        Faults {
            random,
            active: Vec::new(),
        }
    }

    /// # Errors
    ///
    /// [`SandboxError::Option`] for a fault that could never be.
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), SandboxError> {
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

    /// What is to happen to a request to the route of this path.
    pub(crate) fn draw(&mut self, path: &'static str) -> Hit {
        let mut hit = Hit::default();
        let random = &mut self.random;
        self.active.retain_mut(|fault| {
            let delays = matches!(fault.effect, Effect::Delay { .. });
            let concerned = fault.path.as_deref().is_none_or(|wanted| wanted == path)
                && (delays || hit.failure.is_none())
                && fault.probability.is_none_or(|chance| random.chance(chance));
            if !concerned {
                return true;
            }
            match &fault.effect {
                Effect::Delay { ms } => hit.delay_ms = hit.delay_ms.saturating_add(*ms),
                effect => hit.failure = Some(failure(effect, path)),
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

impl Failure {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Failure::Error { .. } => "error",
            Failure::Html { .. } => "html",
            Failure::Reset => "reset",
            Failure::CutShort => "cut_short",
            Failure::Hang => "hang",
        }
    }
}

fn check(fault: &Fault) -> Result<(), SandboxError> {
    let invalid = |field, problem: &str| Err(SandboxError::option(field, problem));
    match &fault.path {
        Some(path) if !ROUTES.iter().any(|route| route.path == *path) => {
            return invalid(
                "path",
                "must be a route that this Sandbox serves, such as /item/get",
            );
        }
        _ => {}
    }
    if fault.times == Some(0) {
        return invalid("times", "must be a whole number above 0");
    }
    if fault
        .probability
        .is_some_and(|chance| !(chance > 0.0 && chance <= 1.0))
    {
        return invalid("probability", "must be a number above 0, at most 1");
    }
    match &fault.effect {
        Effect::Delay { ms } if *ms > MOST_DELAY_MS => {
            invalid("ms", "must be a number of milliseconds from 0 to 3600000")
        }
        Effect::Error {
            error_code: Some(code),
            ..
        } if PlaidError::of_code(code, "/").is_none() => invalid(
            "error_code",
            &format!(
                "must be one of the codes that the Sandbox knows: {}",
                PlaidError::codes().collect::<Vec<_>>().join(", ")
            ),
        ),
        Effect::Error {
            status: Some(status),
            ..
        }
        | Effect::Html {
            status: Some(status),
        } if !(400..=599).contains(status) => {
            invalid("status", "must be an HTTP status from 400 to 599")
        }
        Effect::Error {
            status,
            error_code: None,
            ..
        } if status.is_some_and(|status| status != 404 && status != 429 && status < 500) => {
            invalid(
                "error_code",
                "is missing: only the statuses 404, 429 and 500 to 599 say by themselves which \
                 error is meant",
            )
        }
        _ => Ok(()),
    }
}

/// An hour.
const MOST_DELAY_MS: u64 = 60 * 60 * 1000;

fn failure(effect: &Effect, path: &str) -> Failure {
    match effect {
        Effect::Error {
            status,
            error_code,
            retry_after,
        } => {
            let code = error_code.as_deref().unwrap_or(match status {
                Some(404) => "NOT_FOUND",
                Some(429) => "RATE_LIMIT",
                Some(503) => "PLANNED_MAINTENANCE",
                _ => "INTERNAL_SERVER_ERROR",
            });
            let error = PlaidError::of_code(code, path).unwrap_or_else(PlaidError::not_found);
            Failure::Error {
                error: error.with_status(*status),
                retry_after: *retry_after,
            }
        }
        Effect::Html { status } => Failure::Html {
            status: status.unwrap_or(502),
        },
        Effect::CutShort => Failure::CutShort,
        Effect::Hang => Failure::Hang,
        // A delay is no failure; the caller adds it up.
        Effect::Reset | Effect::Delay { .. } => Failure::Reset,
    }
}
