//! The access table: the roles that may call each method, read from the method option `docket.v1.access`.

use prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor, Value};

const PACKAGE: &str = "docket.v1";
const OPTION: &str = "docket.v1.access";

/// The table as Rust, for `src/grpc/server/methods.rs` to include: a slice with a row for each method of docket.v1,
/// `("/docket.v1.TenantService/UpdateTenant", Access::Roles(Roles::of(&[Role::Admin]))),`.
///
/// # Errors
/// Names the first method without the option, or whose option names nobody, or both roles and operators.
pub fn table(pool: &DescriptorPool) -> Result<String, String> {
    let option = pool.get_extension_by_name(OPTION).ok_or_else(|| format!("no file of proto/ declares {OPTION}"))?;
    let mut rows = String::from("&[\n");
    for service in pool.services().filter(|service| service.package_name() == PACKAGE) {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let access = access(&method, &option).ok_or_else(|| {
                format!("{path} says not who may call it: give it `option ({OPTION}) = {{roles: [ROLE_ADMIN]}};`")
            })?;
            rows += &format!("    ({path:?}, {access}),\n");
        }
    }
    Ok(rows + "]\n")
}

/// A value of `methods::Access`. `None`: the option is missing, or contradicts itself.
fn access(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Option<String> {
    let options = method.options();
    let access = options.get_extension(option);
    let operator = access.as_message()?.get_field_by_name("operator")?.as_bool()?;
    match (operator, roles(&access, option)) {
        (true, None) => Some("Access::Operator".to_owned()),
        (false, Some(roles)) => Some(format!("Access::Roles(Roles::of(&[{}]))", roles.join(", "))),
        _ => None,
    }
}

/// The roles as variants of `identity::Role`. `None`: one of them is unspecified, or there is none.
fn roles(access: &Value, option: &ExtensionDescriptor) -> Option<Vec<String>> {
    let listed = access.as_message()?.get_field_by_name("roles")?;
    let words = option.kind().as_message()?.get_field_by_name("roles")?.kind();
    let variant = |role: &Value| {
        let role = words.as_enum()?.get_value(role.as_enum_number().filter(|number| *number != 0)?)?;
        let word = role.name().strip_prefix("ROLE_")?.to_lowercase();
        Some(format!("Role::{}{}", word[..1].to_uppercase(), &word[1..]))
    };
    let roles: Vec<String> = listed.as_list()?.iter().map(variant).collect::<Option<_>>()?;
    (!roles.is_empty()).then_some(roles)
}
