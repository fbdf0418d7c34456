//! Whether a program may write to its folder: a volume that its Pod may only read starts as well as any other.

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{Obstacle, ObstacleKind, is_ready};
use crate::retry::Budget;

/// The exit code of a refusal; any other than this and 0 comes of a container without a shell.
const REFUSED: i32 = 9;

/// Makes and removes a file in the deepest of the folders that distribution writes to (`registry/storage/paths.go`): one
/// that an earlier user of the volume made may belong to somebody else than the volume. Says why it cannot, and whose it is.
const ATTEMPT: &str = r#"folder=$1
for part in docker registry v2 repositories; do
  [ -d "$folder/$part" ] || break
  folder=$folder/$part
done
file=$folder/.berth-$$
if words=$( (: > "$file") 2>&1 ); then
  rm -f "$file"
  exit 0
fi
printf '%s; the Pod runs as %s; the folder is %s' "$words" "$(id)" "$(ls -ldn "$folder")"
exit 9"#;

/// Where a program keeps what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Folder {
    /// The program's container.
    pub container: &'static str,
    /// The folder in it.
    pub path: &'static str,
}

/// What an attempt to write has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writing {
    /// It may.
    Allowed,
    /// It may not.
    Refused(Obstacle),
    /// Nobody could be asked: no Pod is ready, the image has no shell, or commands may not be run in Pods.
    Unknown,
}

impl Cluster {
    /// Whether the newest Pods of a Deployment may write to a folder. One is asked: a volume is the same for all.
    pub async fn writing(&self, budget: &Budget, deployment: &ObjectRef, labels: &str, folder: Folder) -> Writing {
        match self.attempt_to_write(budget, deployment, labels, folder).await {
            Ok(writing) => writing,
            Err(error) => {
                tracing::debug!(%error, object = %deployment, "whether it may write to its folder is not known");
                Writing::Unknown
            }
        }
    }

    /// As [`Cluster::writing`], for a wait.
    ///
    /// # Errors
    /// [`ClusterError::Stuck`] with the container's words if it may not.
    pub async fn must_write(
        &self,
        budget: &Budget,
        deployment: &ObjectRef,
        labels: &str,
        folder: Folder,
    ) -> Result<(), ClusterError> {
        match self.writing(budget, deployment, labels, folder).await {
            Writing::Refused(obstacle) => {
                Err(ClusterError::Stuck { object: deployment.to_string(), obstacle: Box::new(obstacle), log: None })
            }
            Writing::Allowed | Writing::Unknown => Ok(()),
        }
    }

    async fn attempt_to_write(
        &self,
        budget: &Budget,
        deployment: &ObjectRef,
        labels: &str,
        folder: Folder,
    ) -> Result<Writing, ClusterError> {
        let Some(sight) = self.sight(budget, deployment, labels).await? else { return Ok(Writing::Unknown) };
        let Some(pod) = sight.newest().into_iter().find(|pod| is_ready(pod)) else { return Ok(Writing::Unknown) };
        let name = pod.metadata.name.clone();
        let object = ObjectRef::pod(deployment.namespace.as_deref().unwrap_or_default(), &name);
        let command = ["sh", "-c", ATTEMPT, "sh", folder.path];
        let ended = self.run(budget, &object, folder.container, &command).await?;
        Ok(match ended.code {
            Some(0) => Writing::Allowed,
            Some(REFUSED) => Writing::Refused(Obstacle {
                kind: ObstacleKind::Volume,
                pod: Some(name),
                container: Some(folder.container.to_owned()),
                words: ended.output,
            }),
            _ => Writing::Unknown,
        })
    }
}
