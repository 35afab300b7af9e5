//! The server as one value, and the routes that lead into it.

use crate::api::insight::Stories;
use crate::auth::Caller;
use crate::campaigns::Campaigns;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Code, Failure};
use crate::limit::Limiter;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::secrets::Secrets;
use crate::{api, demo, short, store};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::HandlerWithoutStateExt;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything a request may need.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// Keys and secrets.
    pub secrets: Secrets,
    /// The log.
    pub log: Arc<dyn Log>,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The campaigns.
    pub campaigns: Campaigns,
    /// Commands that pages keep here and decide themselves.
    pub store: store::Store,
    /// Draws posters.
    pub painter: api::poster::Painter,
    /// Where the world reaches this server, without a slash at the end.
    pub public_url: String,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
    /// Limits, by what they count.
    pub limiters: Limiters,
    /// What was read of the logs for insight so far.
    pub stories: Stories,
}

/// Rate limits, by what they count.
pub struct Limiters {
    /// Requests by address.
    pub address: Limiter,
    /// Commands by participant.
    pub participant: Limiter,
    /// Typed codes by address.
    pub typed_codes: Limiter,
}

impl Limiters {
    /// The limiters of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Limiters {
        Limiters {
            address: Limiter::new(config.limits.address),
            participant: Limiter::new(config.limits.participant),
            typed_codes: Limiter::new(config.limits.typed_codes),
        }
    }
}

impl App {
    /// Who asks; everybody but a backend is limited by address.
    ///
    /// # Errors
    /// As [`Caller::read`], and `RATE_LIMITED`.
    pub fn caller(&self, headers: &HeaderMap, from: SocketAddr) -> Result<Caller, Failure> {
        let caller = Caller::read(headers, &self.secrets);
        if caller != Ok(Caller::Backend) {
            self.limit_address(headers, from)?;
        }
        Ok(caller?)
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn limit_address(&self, headers: &HeaderMap, from: SocketAddr) -> Result<(), Failure> {
        self.limit(&self.limiters.address, &self.address(headers, from).to_string(), 1)
    }

    /// Counts in a limiter.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with the seconds to wait.
    pub fn limit(&self, limiter: &Limiter, name: &str, count: u32) -> Result<(), Failure> {
        limiter.take(name, count, Instant::now()).map_err(|wait| {
            self.metrics.limited();
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            Failure::from(Code::RateLimited).after(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX))
        })
    }

    /// The visitor's address: what the trusted proxy appended, or the other end of the connection.
    #[must_use]
    pub fn address(&self, headers: &HeaderMap, from: SocketAddr) -> IpAddr {
        let named = || headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
        if self.config.trust_proxy { named().unwrap_or(from.ip()) } else { from.ip() }
    }
}

/// All routes; with `www` its files are served where nothing else answers, with `demo` the demonstration's too.
pub fn router(app: Arc<App>, www: Option<&Path>, with_demo: bool) -> Router {
    let mut router = Router::new()
        .route("/v1/campaigns", post(api::load))
        .route("/v1/campaigns/{campaign}", get(api::document))
        .route("/v1/campaigns/{campaign}/commands", post(api::commands::submit))
        .route("/v1/campaigns/{campaign}/commands/{id}", get(api::commands::outcome))
        .route("/v1/campaigns/{campaign}/view", get(api::view))
        .route("/v1/campaigns/{campaign}/share", post(api::share::share))
        .route("/v1/campaigns/{campaign}/poster", post(api::poster::poster))
        .route("/v1/campaigns/{campaign}/facts", get(api::history::facts))
        .route("/v1/campaigns/{campaign}/log", get(api::history::log))
        .route("/v1/campaigns/{campaign}/events", get(api::history::events))
        .route("/v1/campaigns/{campaign}/live-codes", get(api::live_codes))
        .route("/v1/campaigns/{campaign}/insight", get(api::insight::insight))
        .route("/v1/campaigns/{campaign}/seed", get(api::seed))
        .route("/v1/campaigns/{campaign}/audit", get(api::history::audit))
        .route("/r/{token}", get(short::redirect))
        .route("/health", get(api::health))
        .route("/metrics", get(api::metrics))
        .merge(store::router());
    if with_demo {
        router = router.merge(demo::router());
    }
    let nothing = || async { Code::PathUnknown };
    let router = match www {
        Some(folder) => {
            let files = ServeDir::new(folder).call_fallback_on_method_not_allowed(true);
            router.fallback_service(files.fallback(nothing.into_service()))
        }
        None => router.fallback(nothing),
    };
    router
        .method_not_allowed_fallback(|| async { Code::MethodUnknown })
        .layer(DefaultBodyLimit::max(app.config.limits.body_bytes))
        .layer(cors(&app.config))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), count))
        .with_state(app)
}

/// Pages of other sites may ask; what they may do is up to their key.
fn cors(config: &Config) -> CorsLayer {
    let named: Vec<HeaderValue> = config.origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(if named.is_empty() { AllowOrigin::any() } else { AllowOrigin::list(named) })
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static(crate::auth::PARTICIPANT),
            HeaderName::from_static(crate::auth::PROOF),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(86_400))
}

async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    app.metrics.responded(response.status().as_u16());
    response
}
