module berth.invalid/sandbox/tools/terraform

go 1.26.0

require github.com/hashicorp/terraform v1.11.4
