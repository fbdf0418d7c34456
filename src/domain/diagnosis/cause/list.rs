//! The causes, in the order in which they are to be mended: what comes later may be a consequence.

use super::causes;

causes! {
    NamespaceTerminating "namespace-terminating" { "the namespace is being deleted and takes nothing new",
        seen: "The Namespace's `metadata.deletionTimestamp`; what holds it is in its conditions `NamespaceContentRemaining` and `NamespaceFinalizersRemaining`.",
        do: "Remove the objects that the conditions name, or start the controller whose finalizer they bear; then make the namespace anew."
    }
    NamespaceMissing "namespace-missing" { "the namespace does not exist",
        seen: "The API server answers 404 for the Namespace.",
        do: "Correct the name, or make the namespace."
    }
    CrdsMissing "crds-missing" { "the cluster does not know cert-manager's kinds: its CRDs are missing",
        seen: "The API server answers 404 for the CustomResourceDefinition `certificates.cert-manager.io`.",
        do: "Install cert-manager's CRDs: they are part of its release manifest, and of its chart only with `crds.enabled=true` (before 1.15 `installCRDs=true`)."
    }
    ObjectMissing "object-missing" { "the object does not exist",
        seen: "The API server answers 404 for the object itself.",
        do: "Correct namespace and name, or make it."
    }
    ControllerNotRunning "controller-not-running" { "cert-manager's controller does not run, so nobody works on certificates",
        seen: "Its Deployment has no available replica, or does not exist.",
        do: "Scale it up, or look at its Pod with `diagnose pod`."
    }
    WebhookDown "webhook-down" { "cert-manager's webhook does not answer, so the cluster takes no change of its objects",
        seen: "The webhook's Service has no ready endpoint. Every write is refused with `failed calling webhook`, and conditions keep what stood in them before.",
        do: "Start the webhook's Deployment, or look at its Pod with `diagnose pod`; nothing else of cert-manager can be judged before."
    }
    IssuerNotFound "issuer-not-found" { "the issuer that is named does not exist",
        seen: "The CertificateRequest's condition Ready: `Referenced \"Issuer\" not found`. An Issuer is looked for in the Certificate's namespace, a ClusterIssuer in the cluster.",
        do: "Correct `issuerRef.name` and `issuerRef.kind`, or make the issuer."
    }
    IssuerGroupUnknown "issuer-group-unknown" { "the issuer is of a group that nobody in the cluster serves",
        seen: "The CertificateRequest has an empty status; only the controller's log has words.",
        do: "Correct `issuerRef.group` (cert-manager's own is `cert-manager.io`), or install the external issuer."
    }
    IssuerV1Endpoint "issuer-v1-endpoint" { "the issuer names an ACME v1 endpoint, which has been switched off",
        seen: "The Issuer's condition Ready, reason `InvalidConfig`.",
        do: "Set `spec.acme.server` to the CA's v2 directory: `https://acme-v02.api.letsencrypt.org/directory`."
    }
    IssuerCaUntrusted "issuer-ca-untrusted" { "the controller does not trust the TLS certificate of the ACME server",
        seen: "The Issuer's condition Ready: `x509: certificate signed by unknown authority`.",
        do: "Put the root that the server's certificate comes from into `spec.acme.caBundle` (base64 of PEM)."
    }
    IssuerBindingMissing "issuer-binding-missing" { "the CA takes accounts only with an external account binding",
        seen: "The Issuer's condition Ready: `urn:ietf:params:acme:error:externalAccountRequired`, or the directory's `meta.externalAccountRequired`.",
        do: "Get a key id and an HMAC key from the CA, and set `spec.acme.externalAccountBinding`."
    }
    IssuerAccountRejected "issuer-account-rejected" { "the CA does not accept the issuer's account",
        seen: "The Issuer's condition Ready, with the CA's words.",
        do: "Correct what the CA complains about: the contact, the binding's key, or an account that was deactivated; another `privateKeySecretRef` makes a new account."
    }
    IssuerUrlWrong "issuer-url-wrong" { "there is no ACME directory at the address that the issuer names",
        seen: "The Issuer's condition Ready: a status of 404, a page in place of JSON, or a name that does not exist.",
        do: "Correct `spec.acme.server`. After a status of 4xx cert-manager does not ask again before the Issuer is changed."
    }
    IssuerUnreachable "issuer-unreachable" { "the controller does not reach the ACME server",
        seen: "The Issuer's condition Ready: connection refused, a timeout, or a status of 5xx.",
        do: "Let the controller's Pods out to the CA (NetworkPolicy, proxy, firewall), or wait until it is back: it is asked again."
    }
    IssuerNotReady "issuer-not-ready" { "the issuer is not ready",
        seen: "The Issuer's condition Ready.",
        do: "Do what its condition says."
    }
    SecretImmutable "secret-immutable" { "the Secret for the certificate is immutable",
        seen: "The Secret's `immutable: true`; the CertificateRequest is Ready, and only the controller's log says why nothing follows.",
        do: "Delete the Secret, or name another one in `spec.secretName`."
    }
    SecretShared "secret-shared" { "two Certificates write to one Secret and take it from each other",
        seen: "`spec.secretName` of two Certificates of the namespace; cert-manager before 1.12 says nothing of it.",
        do: "Give each Certificate a Secret of its own."
    }
    SecretOfAnother "secret-of-another" { "the Secret for the certificate belongs to somebody else",
        seen: "The Secret's annotation `cert-manager.io/certificate-name` names another Certificate, it has another tool's mark of ownership, or it is of a type other than `kubernetes.io/tls`.",
        do: "Name another Secret in `spec.secretName`, or have its owner give it up."
    }
    KeyUnfit "key-unfit" { "the private key in the Secret does not fit the Certificate, and may not be replaced",
        seen: "The Certificate's condition Issuing, reason `SecretMismatch`, with `rotationPolicy: Never` (before 1.18 also without one).",
        do: "Set `spec.privateKey.rotationPolicy: Always`, or delete the Secret."
    }
    RequestDenied "request-denied" { "the certificate request was denied by an approver",
        seen: "The CertificateRequest's condition Denied, or InvalidRequest.",
        do: "Change what the approver's policy does not allow, or the policy."
    }
    NotApproved "request-not-approved" { "nobody approves the certificate request",
        seen: "The CertificateRequest has no condition Approved: cert-manager's own approver is off, or has no right to that issuer.",
        do: "Let an approver approve requests for this issuer (`cmctl approve` for one), or switch cert-manager's own on."
    }
    SolverMissing "solver-missing" { "no solver of the issuer fits the name",
        seen: "The Order stays pending without a Challenge; its event `Solver` ends after an hour.",
        do: "Add a solver to the issuer whose selector takes the name (`dnsZones`, `dnsNames`, `matchLabels`). Names with a star need dns01."
    }
    ChallengeQueued "challenge-queued" { "the same name is being validated elsewhere in the cluster first",
        seen: "The Challenge has an empty status, and another one for the same name has `status.processing: true`.",
        do: "Mend or delete the Certificate whose Challenge is in the way."
    }
    IngressClassMissing "ingress-class-missing" { "the ingress class does not exist, so no controller serves the Ingress",
        seen: "The Ingress's `spec.ingressClassName` (or its annotation) names no IngressClass.",
        do: "Correct the class where it is named (an issuer's solver: `http01.ingress.ingressClassName` or `class`; a registry: `ingress.class`)."
    }
    NameNotFound "name-not-found" { "the name has no address in DNS",
        seen: "The zone's own servers have neither A nor AAAA for it; a Challenge says `no such host`.",
        do: "Make the record that leads to the load balancer of the ingress. A name that was asked for too early is remembered as absent for the zone's negative TTL."
    }
    NamePointsElsewhere "name-points-elsewhere" { "the name leads to an address that is not the ingress's",
        seen: "The addresses in DNS, held against `status.loadBalancer` of the Ingress.",
        do: "Correct the record, or have ExternalDNS own it."
    }
    SolverNotServing "solver-not-serving" { "the Pod that answers the challenge does not run, so the way to it ends nowhere",
        seen: "The solver's Service has no ready endpoint; the self check meets 502, 503 or `no route to host`.",
        do: "Look at the solver's Pod with `diagnose pod`: its image, a quota, Pod security, or no node that fits."
    }
    ServiceWithoutEndpoints "service-without-endpoints" { "the Service has no ready Pod behind it",
        seen: "The Service's EndpointSlices have no ready address.",
        do: "Look at the Pods, or correct the Service's selector."
    }
    PortClosed "port-closed" { "nothing answers at the address and port",
        seen: "`connection refused` or a timeout, in the Challenge's `status.reason` or when asked from here.",
        do: "Open the port on the way (security group, firewall, load balancer's listener), and see that the ingress controller runs. http-01 needs port 80."
    }
    IngressNotServed "ingress-not-served" { "no controller has taken the Ingress",
        seen: "Its class exists, and its `status.loadBalancer` stays empty.",
        do: "Start the ingress controller of the class, or name a class whose controller runs."
    }
    ChallengeAnswerWrong "challenge-answer-wrong" { "something else answers in place of the challenge's solver",
        seen: "The Challenge's `status.reason`: `wrong status code`, or another text; the same when asked from here.",
        do: "Look at what answers: another Ingress for the name, a redirect to HTTPS with a login before it, a CDN."
    }
    ChallengePresent "challenge-not-presented" { "cert-manager cannot make what answers the challenge",
        seen: "The Challenge's `status.reason` and its event `PresentError`.",
        do: "Mend what the words name: the solver's credentials or rights at the DNS provider, a quota, a zone that it does not find."
    }
    TxtMissing "txt-missing" { "the zone's own servers do not have the TXT record of the challenge",
        seen: "TXT of `_acme-challenge.NAME` at each of the zone's servers, held against the Challenge's key.",
        do: "See that the solver writes to the zone that is delegated (a private or second zone of the same name?), and that `_acme-challenge` is no CNAME elsewhere unless `cnameStrategy: Follow`."
    }
    CaaForbids "caa-forbids" { "CAA records forbid the CA to issue for the name",
        seen: "The CAA records of the name or of the nearest ancestor that has some, held against the directory's `caaIdentities`.",
        do: "Add the CA to the records."
    }
    CaaAccount "caa-account" { "CAA records allow the CA for another account only, or by another method",
        seen: "`accounturi` or `validationmethods` in the CAA records, held against the issuer's `status.acme.uri` and the type of the challenge.",
        do: "Add the account or the method to the records."
    }
    NameRefused "name-refused" { "the CA refuses the name",
        seen: "The Order's `status.reason`: `rejectedIdentifier`.",
        do: "Take a name that the CA's policy allows: a public one, not on its list of blocked names."
    }
    RateLimited "rate-limited" { "the CA's limit is reached",
        seen: "The Order's `status.reason`: `rateLimited`.",
        do: "Wait until the moment that the words name. The limit for the same names is five a week: use the CA's staging directory while trying."
    }
    ChallengeRefused "challenge-refused" { "the CA tried to validate the name and did not find the answer",
        seen: "The Challenge's state `invalid` and its `status.reason`, which no other object has.",
        do: "Make the name reachable for the CA as it is from inside: it asks from several places of the Internet. Then delete the CertificateRequest, or wait for the next try."
    }
    OrderFailed "order-failed" { "the CA refuses the order",
        seen: "The Order's `status.reason`.",
        do: "Do what the CA's words say."
    }
    PullSecretMissing "pull-secret-missing" { "a pull secret that the Pod names does not exist",
        seen: "The Pod's `spec.imagePullSecrets`, and the event `FailedToRetrieveImagePullSecret`.",
        do: "Make the Secret in the Pod's namespace (`berth_pull_secret`), or correct its name; the Pod need not be made anew."
    }
    PullSecretElsewhere "pull-secret-elsewhere" { "the pull secret is in another namespace, where the Pod cannot use it",
        seen: "A Secret that fits the image, in another namespace than the Pod.",
        do: "Write it to the Pod's namespace as well: add that to `namespaces` of `berth_pull_secret`."
    }
    PullSecretBoundLate "pull-secret-bound-late" { "the service account got its pull secret after the Pod was made",
        seen: "The service account names the Secret, the Pod does not: it took what the account named when it was made.",
        do: "Make the Pod anew: `kubectl rollout restart`, or delete it if a controller makes another."
    }
    PullSecretNotBound "pull-secret-not-bound" { "there is a fitting pull secret, and neither the Pod nor its service account names it",
        seen: "A Secret in the Pod's namespace fits the image; `imagePullSecrets` of both lack it. Its login is tried, and a wrong one not named.",
        do: "Name it in `imagePullSecrets` of the service account (`service_accounts` of `berth_pull_secret`), then make the Pod anew."
    }
    PullSecretUnreadable "pull-secret-unreadable" { "a pull secret is of a type or form that the kubelet does not read",
        seen: "The Secret's `type` is neither `kubernetes.io/dockerconfigjson` nor `kubernetes.io/dockercfg`, or its file holds no logins.",
        do: "Make it anew as `kubernetes.io/dockerconfigjson`: a Secret's type cannot be changed."
    }
    PullSecretKeyForm "pull-secret-key-form" { "the pull secret names the registry in a form that the kubelet does not match with the image",
        seen: "The key under `auths`, held against the image's name: host, port, case and path are compared as texts.",
        do: "Write the key as the image has it: host and port without path, in the same case."
    }
    PullSecretOtherRegistry "pull-secret-other-registry" { "the pull secrets of the Pod are for other registries",
        seen: "The keys under `auths` of all Secrets that the Pod names.",
        do: "Add a login for the image's registry to one of them."
    }
    RegistryLoginRefused "registry-login-refused" { "the registry does not accept user and password",
        seen: "The registry answers 401 to the login, here and to the node.",
        do: "Correct the password in the Secret (raise `password_wo_version`), or the user at the registry. The next pull uses it; the Pod need not be made anew."
    }
    PullDenied "pull-denied" { "the login is right and may not pull the image",
        seen: "The registry answers 403 or `insufficient_scope`.",
        do: "Give the user the right to pull this repository."
    }
    PullLoginMissing "pull-login-missing" { "the registry wants a login, and the Pod has none for it",
        seen: "The node's words speak of 401, and no Secret for the registry was found.",
        do: "Make a pull secret in the Pod's namespace and bind it to its service account: `berth_pull_secret`."
    }
    NodeTrust "node-trust" { "the node does not trust the registry's certificate",
        seen: "The Pod's event `Failed` and `waiting.message`: `x509`. The same words come from a wrong CA, a wrong folder name and a dropped `hosts.toml` alike; only containerd's log tells them apart.",
        do: "Declare the registry's CA with `berth_node_trust`, HOST with its port as the image names it; or write it to `/etc/containerd/certs.d/HOST/hosts.toml` on each node (under `[host]`), or take a certificate of a CA that nodes trust."
    }
    NodeName "node-name" { "the node cannot resolve the registry's name",
        seen: "The Pod's event `Failed`: `no such host`. Nodes use their own resolvers, not the cluster's DNS.",
        do: "Make a record that the node's resolvers see; names of Services (`*.svc`) are unknown to nodes."
    }
    NodeConnection "node-connection" { "the node does not reach the registry",
        seen: "The Pod's event `Failed`: connection refused, no route, or a timeout.",
        do: "Start the registry, correct the port in the image's name, or open the way from the nodes to it."
    }
    ImagePlatform "image-platform" { "the image is not made for the node's platform",
        seen: "The Pod's event `Failed`: `no match for platform in manifest`.",
        do: "Push the image for the node's platform as well, or choose nodes that fit (`kubernetes.io/arch`)."
    }
    ImageMissing "image-missing" { "the registry does not have the image",
        seen: "The Pod's event `Failed`: `not found`.",
        do: "Push it, or correct repository, tag or digest."
    }
    ImageName "image-name" { "the image's name cannot be read, or must not be pulled",
        seen: "The container's `waiting.reason`: `InvalidImageName` or `ErrImageNeverPull`.",
        do: "Correct the name, or the `imagePullPolicy`."
    }
    ImagePull "image-pull" { "the node cannot pull the image",
        seen: "The Pod's event `Failed`, where its words name nothing known or the Pod's pull secrets could not be read.",
        do: "Do what the node's words say."
    }
    PodsRefused "pods-refused" { "the cluster refuses to make the Pods",
        seen: "The Deployment's condition `ReplicaFailure`: a quota, Pod security, a missing service account.",
        do: "Give what the rule asks for, or have it changed."
    }
    PodEnded "pod-ended" { "the cluster has ended the Pod",
        seen: "The Pod's phase `Failed`, its `status.reason` (`Evicted`, `DeadlineExceeded`, `NodeShutdown`, `UnexpectedAdmissionError`) and `status.message`.",
        do: "Do what the message asks for; the Pod does not run again, what made it makes another."
    }
    PodLeaving "pod-leaving" { "the Pod is being deleted and does not go",
        seen: "The Pod's `metadata.deletionTimestamp`, by which it should be gone, and its `metadata.finalizers`.",
        do: "See whether its node still answers (`kubectl get nodes`); of a node that is gone for good: `kubectl delete pod NAME --force`."
    }
    SchedulingGated "scheduling-gated" { "the Pod is held back by a scheduling gate",
        seen: "The Pod's `spec.schedulingGates`, and its condition `PodScheduled` with the reason `SchedulingGated`.",
        do: "See that the controller which takes the gate off runs (a queue, a quota, a mesh), or take it out of the Pod's template."
    }
    VolumeUnbound "volume-unbound" { "a claim of the Pod has no volume",
        seen: "The PersistentVolumeClaim's `status.phase`, its class and its events.",
        do: "Correct the storage class, mark one as the default, or make a volume that fits."
    }
    Unschedulable "unschedulable" { "no node takes the Pod",
        seen: "The Pod's condition `PodScheduled`.",
        do: "Free or add a node that fits, or change ports, resources, selector or tolerations."
    }
    VolumeMount "volume-mount" { "a volume of the Pod cannot be mounted",
        seen: "The Pod's event `FailedMount` or `FailedAttachVolume`.",
        do: "Make the Secret or ConfigMap that is missing, or see to the volume's driver."
    }
    ConfigMissing "config-missing" { "a Secret, ConfigMap or key that the container refers to is missing",
        seen: "The container's `waiting.reason`: `CreateContainerConfigError`.",
        do: "Make it, or correct its name."
    }
    StartFails "start-fails" { "the container cannot be started",
        seen: "The container's `waiting.reason`: `RunContainerError`, or its `StartError`.",
        do: "Correct the command or the user: the image has no such program, or may not run it."
    }
    RegistryConfigMissing "registry-config-missing" { "the registry does not find its configuration file",
        seen: "The container's log: `open …: no such file or directory`.",
        do: "Mount it where the program looks (`/etc/distribution/config.yml` from version 3 on, `/etc/docker/registry/config.yml` before), or name its place as the argument of `serve`."
    }
    RegistryConfigBroken "registry-config-broken" { "the registry cannot read its configuration",
        seen: "The container's log: `configuration error`.",
        do: "Correct the line that the log names."
    }
    BucketMissing "bucket-missing" { "the registry's bucket does not exist",
        seen: "The container's log: `NoSuchBucket`.",
        do: "Make the bucket, or correct its name, region or endpoint."
    }
    StorageDenied "storage-denied" { "the registry may not use its storage, or does not reach it",
        seen: "The container's log: `storage driver health check`, `AccessDenied`, `InvalidAccessKeyId`.",
        do: "Correct keys, role, region or endpoint of the storage."
    }
    CrashLoop "crash-loop" { "the container ends after each start",
        seen: "The container's `restartCount` and `lastState.terminated`; its last words are in the log of the run before.",
        do: "Correct what the last words complain about."
    }
    OutOfMemory "out-of-memory" { "the container was ended for using more memory than its limit",
        seen: "The container's `lastState.terminated.reason`: `OOMKilled`.",
        do: "Raise `resources.limits.memory`."
    }
    InitRuns "init-runs" { "a container that comes before the others does not end",
        seen: "The init container's `state.running`; the Pod's other containers wait for it.",
        do: "See in its log what it waits for."
    }
    NotReady "not-ready" { "the container runs and is not ready",
        seen: "The Pod's condition `Ready` and its event `Unhealthy`.",
        do: "Look at what the readiness probe asks."
    }
    RegistryCertificatePlaceholder "registry-certificate-placeholder" { "the ingress serves a certificate of its own in place of the registry's",
        seen: "The issuer of the certificate that is presented (`TRAEFIK DEFAULT CERT`, `Kubernetes Ingress Controller Fake Certificate`).",
        do: "See that the Secret which the Ingress names under `tls` exists and is for this host: `diagnose certificate` tells why it is not filled."
    }
    RegistryCertificateEnded "registry-certificate-ended" { "the registry's certificate has ended, or has not begun",
        seen: "The times of the certificate that is presented.",
        do: "Have it renewed, and see that what serves it has read the new one. If its times are right, a clock is wrong."
    }
    RegistryCertificateName "registry-certificate-name" { "the registry's certificate is for other names",
        seen: "The names of the certificate that is presented.",
        do: "Have it issued for this name as well."
    }
    RegistryCertificateUntrusted "registry-certificate-untrusted" { "the registry's certificate comes from a CA that is not trusted here",
        seen: "The chain that is presented.",
        do: "Trust that CA (`registries` of the provider: `ca_file`; `--ca-file`), or take a certificate of a public one. If the intermediate is missing, serve the whole chain."
    }
    RegistryCertificateEnding "registry-certificate-ending" { "the registry's certificate ends soon",
        seen: "The end of the certificate that is presented.",
        do: "See why it is not renewed: `diagnose certificate`."
    }
    NotTls "not-tls" { "no TLS is spoken at the registry's port",
        seen: "The answer to the handshake.",
        do: "Name the port where TLS is spoken, or put TLS before the registry."
    }
    NotARegistry "not-a-registry" { "what answers is no registry",
        seen: "The status of `/v2/`; of 200 neither `Docker-Distribution-Api-Version` nor the JSON `{}` beside it.",
        do: "See that the name leads to the registry's Ingress, that its path is `/`, and that its Service has Pods."
    }
    RealmUnreachable "realm-unreachable" { "the token service that the registry sends its clients to cannot be reached",
        seen: "The `realm` of the registry's `WWW-Authenticate`.",
        do: "Correct the realm in the registry's configuration: nodes must reach it as well."
    }
    RegistryOpen "registry-open" { "the registry lets everyone in without a login",
        seen: "`/v2/` answers 200 without a login.",
        do: "Set `users`, or close the way to it."
    }
    CertificateEnded "certificate-ended" { "the certificate has ended",
        seen: "The Certificate's `status.notAfter`.",
        do: "Mend what keeps it from being renewed."
    }
    BackingOff "backing-off" { "cert-manager waits before it tries again",
        seen: "The Certificate's `lastFailureTime` and `failedIssuanceAttempts`: an hour, doubled with each failure, at most 32.",
        do: "Mend the cause, then have it try at once: `cmctl renew`, or delete the CertificateRequest."
    }
    Waiting "waiting" { "nothing is wrong that could be seen: it is on its way",
        seen: "All objects on the way wait for the next one.",
        do: "Look again in a minute."
    }
    Unexplained "unexplained" { "it fails, and no object says why",
        seen: "The chain's last object.",
        do: "Read the controller's log; where rights were missing, give them and look again."
    }
}
