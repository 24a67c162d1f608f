//! The generated table of methods and their roles; the gate enforces it. A method that is not listed cannot be called.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::identity::{Role, Roles};

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token: it shows nothing of any tenant.
    Open,
    /// A caller with one of these roles.
    Roles(Roles),
    /// An operator of the installation.
    Operator,
}

/// One method that the server answers.
#[derive(Debug)]
pub struct Method {
    /// As in the request: `/package.Service/Method`.
    pub path: &'static str,
    pub access: Access,
    /// Whether it changes nothing.
    pub reads: bool,
    /// Whether it answers with a stream.
    pub streams: bool,
    /// Its place among all methods, for tables beside this one.
    pub index: usize,
}

/// The methods of docket.v1, written by the build from their option `access` in proto/.
const DOCKET: &[(&str, Access)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

const OPEN: &[&str] = &[
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let docket = DOCKET.iter().copied();
    let open = OPEN.iter().map(|path| (*path, Access::Open));
    let method = |(index, (path, access))| Method { path, access, reads: reads(path), streams: streams(path), index };
    docket.chain(open).enumerate().map(method).collect()
});

/// How the names of methods that change nothing begin.
const READS: [&str; 10] =
    ["Get", "BatchGet", "List", "Search", "Stream", "Validate", "Render", "Preview", "Explain", "Simulate"];

fn reads(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("/grpc.") || READS.iter().any(|verb| name.starts_with(verb))
}

fn streams(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("Stream") || (path.starts_with("/grpc.") && name != "Check")
}

static BY_PATH: LazyLock<HashMap<&'static str, &'static Method>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());

/// All methods, each at its index.
pub fn all() -> &'static [Method] {
    &METHODS
}

/// The method of a request's path. None: there is no such method, or nobody may call it.
pub fn find(path: &str) -> Option<&'static Method> {
    BY_PATH.get(path).copied()
}

/// What the build makes of the option.
#[cfg(test)]
#[path = "../../../build/access.rs"]
mod declared;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_reflect::DescriptorPool;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::grpc::pb;

    /// Path, and whether it answers with a stream.
    fn described() -> BTreeSet<(String, bool)> {
        let mut methods = BTreeSet::new();
        for bytes in [pb::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET] {
            let set = FileDescriptorSet::decode(bytes).expect("the descriptors read back");
            for file in &set.file {
                for service in &file.service {
                    let name = |method| format!("/{}.{}/{method}", file.package(), service.name());
                    methods.extend(service.method.iter().map(|it| (name(it.name()), it.server_streaming())));
                }
            }
        }
        methods
    }

    #[test]
    fn every_method_of_the_descriptors_has_a_row_and_every_row_a_method() {
        let described = described();
        for (path, streams) in &described {
            assert_eq!(find(path).map(|row| row.streams), Some(*streams), "{path}");
        }
        let described: BTreeSet<_> = described.into_iter().map(|(path, _)| path).collect();
        assert!(described.contains("/docket.v1.TicketService/CreateTicket"), "the descriptors were not read");
        let reflection = |path: &str| path.starts_with("/grpc.reflection.v1");
        let stale: Vec<_> = all().iter().filter(|row| !described.contains(row.path) && !reflection(row.path)).collect();
        assert!(stale.is_empty(), "these rows have no method: {stale:?}");
        assert_eq!(BY_PATH.len(), all().len(), "a method has two rows");
    }

    #[test]
    fn a_method_without_roles_fails_the_build() {
        let whole = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        let row = r#"("/docket.v1.TenantService/UpdateTenant", Access::Roles(Roles::of(&[Role::Admin]))),"#;
        let table = declared::table(&whole).expect("every method has its roles");
        assert!(table.contains(row), "{table}");
        assert!(table.contains(r#"("/docket.v1.WorkflowService/ReloadWorkflows", Access::Operator),"#), "{table}");
        // Types that know nothing of extensions lose the option.
        let set = FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        let pool = DescriptorPool::from_file_descriptor_set(set).expect("descriptors without options");
        let refused = declared::table(&pool).expect_err("no method has roles");
        assert!(refused.contains("/docket.v1.ActivityService/ListActivities"), "{refused}");
    }

    #[test]
    fn the_roles_of_the_proto_are_those_of_a_token() {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        let roles = pool.get_enum_by_name("docket.v1.Role").expect("the enum of the proto");
        let words: Vec<String> = roles.values().map(|role| role.name().to_lowercase().replace("role_", "")).collect();
        let known = Role::ALL.map(Role::word);
        assert_eq!(words, [&["unspecified"][..], &known].concat());
    }

    #[test]
    fn nothing_of_dockets_is_open_and_every_row_lets_somebody_in() {
        for method in all() {
            match method.access {
                Access::Open => assert!(method.path.starts_with("/grpc."), "{} is open", method.path),
                Access::Roles(roles) => assert!(!roles.is_empty(), "{} is closed to all", method.path),
                Access::Operator => {}
            }
        }
        assert!(find("/docket.v1.TicketService/Nonsense").is_none());
    }

    #[test]
    fn auditors_write_nothing_and_read_everything() {
        for method in all() {
            let Access::Roles(roles) = method.access else { continue };
            let name = method.path.rsplit('/').next().expect("a path has parts");
            // Who may make a change may ask what it would do.
            let of_a_change = name == "PreviewPolicyChange";
            assert_eq!(roles.contains(Role::Auditor), method.reads && !of_a_change, "{}", method.path);
        }
    }
}
