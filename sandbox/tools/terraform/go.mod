module berth.invalid/sandbox/tools/terraform

go 1.26.0

require github.com/hashicorp/terraform v1.11.4

// These parts of Terraform's own repository are not published as modules. `prepare` makes stand-ins for them: the
// Terraform that comes out keeps its state in files, which is all that a sandbox needs.
replace (
	github.com/hashicorp/terraform/internal/backend/remote-state/azure => ./without/azure
	github.com/hashicorp/terraform/internal/backend/remote-state/consul => ./without/consul
	github.com/hashicorp/terraform/internal/backend/remote-state/cos => ./without/cos
	github.com/hashicorp/terraform/internal/backend/remote-state/gcs => ./without/gcs
	github.com/hashicorp/terraform/internal/backend/remote-state/kubernetes => ./without/kubernetes
	github.com/hashicorp/terraform/internal/backend/remote-state/oss => ./without/oss
	github.com/hashicorp/terraform/internal/backend/remote-state/pg => ./without/pg
	github.com/hashicorp/terraform/internal/backend/remote-state/s3 => ./without/s3
)
