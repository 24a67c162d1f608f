//! References to resources by id or by name; names are unique among rows that are not deleted.

/// `reference! { /// docs  CannedRef by id::CANNED_RESPONSE }`: a text with the prefix of an id is an id, any other a name.
macro_rules! reference {
    ($(#[$meta:meta])* $name:ident by $prefix:path) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            Id(uuid::Uuid),
            Name(String),
        }

        impl $name {
            pub fn parse(text: &str) -> $name {
                match crate::model::id::parse($prefix, text) {
                    Some(id) => $name::Id(id),
                    None => $name::Name(crate::model::line::sought(text)),
                }
            }

            /// The ids and the names among them.
            pub fn apart(all: &[$name]) -> (Vec<uuid::Uuid>, Vec<String>) {
                let (mut ids, mut names) = (Vec::new(), Vec::new());
                for one in all {
                    match one {
                        $name::Id(id) => ids.push(*id),
                        $name::Name(name) => names.push(name.clone()),
                    }
                }
                (ids, names)
            }

            /// As it is looked up: a name in any spelling is one.
            pub fn folded(&self) -> $name {
                match self {
                    $name::Id(id) => $name::Id(*id),
                    $name::Name(name) => $name::Name(crate::model::fold::fold(name).into_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $name::Id(id) => f.write_str(&crate::model::id::show($prefix, *id)),
                    $name::Name(name) => f.write_str(name),
                }
            }
        }
    };
}
