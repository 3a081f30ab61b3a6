//! The POST routes of Plaid's API and the fields that each takes, as data, from Plaid's OpenAPI file
//! (documented). `scripts/plaid-routes.js` writes `data/routes.txt` and describes its form. The
//! function of each route that the Sandbox emulates is in `api/`.

use std::{collections::HashMap, sync::LazyLock};

static ROUTES: LazyLock<HashMap<&'static str, RouteSpec>> = LazyLock::new(|| {
    let blocks = include_str!("../../data/routes.txt").split("\n\n").skip(1);
    let routes = blocks.map(|block| {
        let (head, lines) = block.split_once('\n').unwrap_or((block, ""));
        let (path, mark) = head.split_once(' ').unwrap_or((head, ""));
        let route = RouteSpec {
            path,
            takes_item: mark == "item",
            fields: FieldSpecs { lines, depth: 1 },
        };
        (path, route)
    });
    routes.collect()
});

/// Routes that answer a broken Item as they answer a healthy one, as far as the login goes
/// (documented for `/signal/evaluate`; observed for `/item/get` and `/link/token/create`; inferred
/// for the others: they read no data from the institution).
const NEED_NO_LOGIN: [&str; 12] = [
    "/consent/events/get",
    "/item/access_token/invalidate",
    "/item/activity/list",
    "/item/application/list",
    "/item/get",
    "/item/public_token/create",
    "/item/remove",
    "/item/webhook/update",
    "/link/token/create",
    "/sandbox/item/reset_login",
    "/sandbox/item/set_verification_status",
    "/signal/evaluate",
];

/// The path and the fields of one route.
pub(crate) struct RouteSpec {
    /// Such as `/item/get`.
    pub(crate) path: &'static str,
    /// Whether an Item's access token is among its fields.
    pub(crate) takes_item: bool,
    pub(crate) fields: FieldSpecs,
}

impl RouteSpec {
    /// The spec of the route at `path`.
    pub(crate) fn find(path: &str) -> Option<&'static RouteSpec> {
        ROUTES.get(path)
    }

    /// Whether the route answers ITEM_LOGIN_REQUIRED for a broken Item.
    pub(crate) fn needs_login(&self) -> bool {
        self.takes_item && !NEED_NO_LOGIN.contains(&self.path)
    }
}

/// The fields of a route, or of an object inside it. Credentials are not among them: every route
/// takes those.
#[derive(Clone, Copy)]
pub(crate) struct FieldSpecs {
    /// The lines of these fields and of the fields inside them.
    lines: &'static str,
    depth: usize,
}

impl FieldSpecs {
    /// In the order of the documentation.
    pub(crate) fn iter(self) -> impl Iterator<Item = FieldSpec> {
        let mut rest = self.lines;
        std::iter::from_fn(move || {
            loop {
                let (line, after) = match rest.split_once('\n') {
                    Some(parts) => parts,
                    None if rest.is_empty() => return None,
                    None => (rest, ""),
                };
                let text = line.trim_start_matches(' ');
                let depth = line.len() - text.len();
                if depth < self.depth {
                    return None;
                }
                rest = after;
                if depth == self.depth {
                    let end = text.find(['!', '?', '[', '{', '*']).unwrap_or(text.len());
                    let (name, marks) = text.split_at(end);
                    let depth = depth + 1;
                    return Some(FieldSpec {
                        name,
                        marks,
                        fields: FieldSpecs {
                            lines: after,
                            depth,
                        },
                    });
                }
            }
        })
    }

    pub(crate) fn find(self, name: &str) -> Option<FieldSpec> {
        self.iter().find(|field| field.name == name)
    }
}

/// One field of a route.
#[derive(Clone, Copy)]
pub(crate) struct FieldSpec {
    pub(crate) name: &'static str,
    marks: &'static str,
    /// The fields of the object, or of each object in the list.
    pub(crate) fields: FieldSpecs,
}

impl FieldSpec {
    pub(crate) fn is_required(&self) -> bool {
        self.marks.contains('!')
    }

    pub(crate) fn is_nullable(&self) -> bool {
        self.marks.contains('?')
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.marks.contains("{}")
    }

    /// Whether it is a list of objects.
    pub(crate) fn is_list(&self) -> bool {
        self.marks.contains("[]")
    }

    /// Whether it may contain fields that are not listed.
    pub(crate) fn is_open(&self) -> bool {
        self.marks.contains('*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(fields: FieldSpecs) -> Vec<&'static str> {
        fields.iter().map(|field| field.name).collect()
    }

    #[test]
    fn every_route_is_found_under_its_path() {
        assert_eq!(ROUTES.len(), 326);
        assert_eq!(ROUTES.values().filter(|route| route.takes_item).count(), 58);
        for (path, route) in ROUTES.iter() {
            assert_eq!(RouteSpec::find(path).unwrap().path, route.path);
        }
        assert!(RouteSpec::find("/no/such/route").is_none());
        assert!(RouteSpec::find("").is_none());
    }

    #[test]
    fn fields_are_in_the_order_of_the_documentation() {
        let create = RouteSpec::find("/sandbox/public_token/create").unwrap();
        let expected = [
            "institution_id",
            "initial_products",
            "options",
            "user_token",
            "user_id",
        ];
        assert_eq!(names(create.fields), expected);
        let options = create.fields.find("options").unwrap();
        let transactions = options.fields.find("transactions").unwrap();
        let expected = ["start_date", "end_date", "days_requested"];
        assert_eq!(names(transactions.fields), expected);
    }

    #[test]
    fn a_field_has_the_marks_of_the_file() {
        let create = RouteSpec::find("/sandbox/transactions/create").unwrap();
        let transactions = create.fields.find("transactions").unwrap();
        assert!(transactions.is_required() && transactions.is_list());
        assert!(!transactions.is_object() && !transactions.is_nullable());
        let link = RouteSpec::find("/link/token/create").unwrap();
        let user = link.fields.find("user").unwrap();
        assert!(user.is_object() && !user.is_required());
        assert!(user.fields.find("address").unwrap().is_nullable());
        assert!(link.fields.find("hosted_link").unwrap().is_open());
    }

    #[test]
    fn routes_without_a_login_are_routes_of_an_item() {
        for path in NEED_NO_LOGIN {
            let route = RouteSpec::find(path).unwrap();
            assert!(route.takes_item && !route.needs_login(), "{path}");
        }
        assert!(RouteSpec::find("/transactions/sync").unwrap().needs_login());
        assert!(!RouteSpec::find("/institutions/get").unwrap().needs_login());
    }
}
