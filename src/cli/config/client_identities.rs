//! The file that says which caller a client certificate is.

use std::collections::HashMap;
use std::path::Path;

use super::{Place, Problem};
use crate::grpc::server::ClientIdentities;
use crate::identity::{CertifiedCaller, Role};
use crate::workflow::yaml::{self, Content, Node};

/// Reads a list of `{identity, tenant, sub, roles, app}`.
///
/// # Errors
/// All problems, with their lines.
pub fn read(path: &Path, text: &str) -> Result<ClientIdentities, Vec<Problem>> {
    let mut file = File { path: path.display().to_string(), problems: Vec::new() };
    let mut callers = HashMap::new();
    match yaml::read(&file.path, text) {
        Err(found) => {
            for problem in found {
                file.refuse_at(problem.line, problem.column, problem.message, &problem.hint);
            }
        }
        Ok(documents) => match documents.first().map(|node| (node, &node.content)) {
            Some((_, Content::List(items))) => {
                for item in items {
                    let Some((identity, caller)) = file.caller(item) else { continue };
                    if callers.insert(identity.clone(), caller).is_some() {
                        file.refuse(item, format!("`{identity}` stands there twice"), "remove one");
                    }
                }
            }
            Some((node, _)) => file.refuse(node, "the file must be a list", EXAMPLE),
            None => file.refuse_at(0, 0, "the file is empty", EXAMPLE),
        },
    }
    if file.problems.is_empty() { Ok(ClientIdentities::new(callers)) } else { Err(file.problems) }
}

const EXAMPLE: &str = "write `- {identity: \"spiffe://example.com/billing\", tenant: acme, sub: billing, roles: [service]}`, and `app` if it is limited to one";

struct File {
    path: String,
    problems: Vec<Problem>,
}

impl File {
    fn refuse_at(&mut self, line: u32, column: u32, message: impl Into<String>, hint: &str) {
        let place = Place::File { path: self.path.clone(), line, column };
        self.problems.push(Problem::new(Some(place), message, hint));
    }

    fn refuse(&mut self, node: &Node, message: impl Into<String>, hint: &str) {
        self.refuse_at(node.line, node.column, message, hint);
    }

    fn caller(&mut self, item: &Node) -> Option<(String, CertifiedCaller)> {
        let Content::Map(entries) = &item.content else {
            self.refuse(item, "this is not a mapping", EXAMPLE);
            return None;
        };
        let before = self.problems.len();
        let (mut texts, mut roles) = (HashMap::new(), Vec::new());
        for (name, value) in entries {
            match (name.text().unwrap_or_default(), &value.content) {
                ("roles", Content::List(words)) => roles.extend(words.iter().filter_map(|word| self.role(word))),
                (field @ ("identity" | "tenant" | "sub" | "app"), Content::Scalar { text, .. }) => {
                    texts.insert(field, text.clone());
                }
                (field, _) => self.refuse(name, format!("`{field}` is not a field, or not of its kind"), EXAMPLE),
            }
        }
        let identity = texts.remove("identity").unwrap_or_default();
        if identity.is_empty() {
            self.refuse(item, "`identity` is missing", EXAMPLE);
        }
        let mut text = |field: &str| texts.remove(field).unwrap_or_default();
        let (tenant, sub) = (text("tenant"), text("sub"));
        let app = Some(text("app")).filter(|app| !app.is_empty());
        match CertifiedCaller::new(tenant, sub, &roles, app) {
            Ok(caller) if self.problems.len() == before => Some((identity, caller)),
            Err(error) if self.problems.len() == before => {
                self.refuse(item, error.to_string(), EXAMPLE);
                None
            }
            // What is wrong is told already.
            Ok(_) | Err(_) => None,
        }
    }

    fn role(&mut self, word: &Node) -> Option<Role> {
        match word.text().unwrap_or_default().parse() {
            Ok(role) => Some(role),
            Err(problem) => {
                let problem: String = problem;
                self.refuse(word, problem, "");
                None
            }
        }
    }
}
