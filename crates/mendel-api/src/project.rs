//! Projects on the wire: the model's own shapes.

use http::Method;
use mendel_model::{NewProject, Project};

use crate::{Address, Client, ClientError};

impl Client {
    /// Makes a project; a name that is taken is refused with `exists`.
    pub async fn create_project(&self, project: &NewProject) -> Result<Project, ClientError> {
        self.send(Method::POST, Address::of(&[&"projects"]), project).await
    }

    /// Every project, by name.
    pub async fn projects(&self) -> Result<Vec<Project>, ClientError> {
        self.get(Address::of(&[&"projects"])).await
    }

    /// The project of that name.
    pub async fn project(&self, name: &str) -> Result<Option<Project>, ClientError> {
        self.find(Address::of(&[&"projects", &name])).await
    }
}
