//! Sentry behind TLS: told where the server trusts who signed the certificate, and only there.

use crate::common::{Cluster, Shutdown, bindir, error, run_as_server_user};
use crate::listener::{ACCEPTED, Listener};
use crate::{KEY, report_to, wait_for_workers, warnings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::process::Stdio;
use std::sync::Arc;

/// An authority that nobody knows, as PEM, and a server at 127.0.0.1 that it vouches for.
fn authority_and_server() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![server.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
    (authority.pem(), Arc::new(config))
}

/// Starts a stopped server with SSL_CERT_FILE in its environment.
fn start_trusting(cluster: &Cluster, authority: &str) {
    let file = cluster.folder().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let started = run_as_server_user(bindir().join("pg_ctl"))
        .arg("-w")
        .arg("-D")
        .arg(cluster.folder())
        .arg("-l")
        .arg(cluster.folder().join("server.log"))
        .arg("start")
        .env("SSL_CERT_FILE", &file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(started.unwrap().success(), "{}", cluster.log());
}

#[test]
fn https_is_trusted_as_the_servers_environment_says() {
    let (authority, config) = authority_and_server();
    let (cluster, mut client) = crate::lsat7();
    let listener = Listener::start_tls(ACCEPTED, config);
    let dsn = |host: &str| format!("https://{KEY}@{host}:{}/1", listener.port);
    let failing = "SELECT irt_run_calibration(standard_errors => 'x')";
    report_to(&mut client, &dsn("127.0.0.1"));
    let refused = error(&mut client, failing);
    wait_for_workers(&mut client);
    assert_eq!(refused.code().code(), "22023", "the run is what it was");
    assert!(listener.requests().is_empty(), "an authority that nobody knows");
    let said = warnings(&cluster);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("WARNING") && said[0].contains("no TLS connection"), "{said:?}");

    cluster.stop(Shutdown::Fast);
    start_trusting(&cluster, &authority);
    let mut client = cluster.connect();
    report_to(&mut client, &dsn("127.0.0.1"));
    error(&mut client, failing);
    wait_for_workers(&mut client);
    let items = listener.items();
    assert_eq!(items.len(), 1, "{}", cluster.log());
    assert_eq!(items[0].1["tags"]["sqlstate"], "22023");
    assert_eq!(warnings(&cluster).len(), 1);

    report_to(&mut client, &dsn("localhost"));
    error(&mut client, failing);
    wait_for_workers(&mut client);
    assert_eq!(listener.items().len(), 1, "a certificate for another name");
    assert_eq!(warnings(&cluster).len(), 2);
}
