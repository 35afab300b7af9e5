//! Posters drawn here: for mini-programs that cannot, for messages, for print.

use super::read_body;
use super::share::{self, Asked};
use crate::app::App;
use crate::error::{Code, Failure};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kfactor::campaign::Surface;
use kfactor::insight::experiment::variant;
use kfactor::poster::{Data, Poster, touchpoint};
use kfactor_poster::{Fonts, Format, Images, Picture, PictureError, draw};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Semaphore;

/// What draws posters, and the posters it drew last.
pub struct Painter {
    /// Read when the first poster is drawn.
    fonts: OnceLock<Fonts>,
    images: Images,
    /// One poster for each core; drawing is nothing but work.
    cores: Semaphore,
    drawn: Mutex<Drawn>,
}

/// The pictures that were drawn last, by everything that they depend on.
#[derive(Default)]
struct Drawn {
    pictures: HashMap<String, Arc<Picture>>,
    order: VecDeque<String>,
    bytes: usize,
}

/// The pictures that are kept, in bytes.
const KEPT: usize = 64 * 1024 * 1024;

impl Painter {
    /// A painter that takes pictures from a folder, or only from `data:` addresses.
    #[must_use]
    pub fn new(images: Option<PathBuf>) -> Painter {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Painter {
            fonts: OnceLock::new(),
            images: images.map_or_else(Images::inline, Images::of),
            cores: Semaphore::new(cores),
            drawn: Mutex::default(),
        }
    }

    fn known(&self, key: &str) -> Option<Arc<Picture>> {
        let drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.pictures.get(key).cloned()
    }

    fn keep(&self, key: String, picture: &Arc<Picture>) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.pictures.insert(key.clone(), Arc::clone(picture)).is_none() {
            drawn.bytes += picture.bytes.len();
            drawn.order.push_back(key);
        }
        while drawn.bytes > KEPT {
            let Some(oldest) = drawn.order.pop_front() else { break };
            drawn.bytes -= drawn.pictures.remove(&oldest).map_or(0, |picture| picture.bytes.len());
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    id: String,
    by: String,
    #[serde(rename = "loop")]
    in_loop: Option<String>,
    poster: String,
    variant: Option<String>,
    #[serde(default)]
    values: HashMap<String, String>,
    #[serde(default, deserialize_with = "surface")]
    surface: Option<Surface>,
    /// Pixels of the picture in per cent of the template's, 50 to 200.
    scale: Option<u16>,
    #[serde(default)]
    format: Wish,
}

/// The variant that a participant shares, always the same, and the same that a page chooses; none where the poster has no
/// variants.
fn variant_for(name: &str, poster: &Poster, participant: &str) -> Option<String> {
    let variants = poster.variants.as_ref()?;
    let place = variant(&format!("poster-{name}"), participant, &vec![1; variants.len()])?;
    variants.get(place).map(|variant| variant.to_string())
}

fn surface<'de, D: Deserializer<'de>>(word: D) -> Result<Option<Surface>, D::Error> {
    let word = String::deserialize(word)?;
    let unknown = || D::Error::unknown_variant(&word, &["mini-program", "h5", "app", "offline"]);
    Surface::parse(&word).map(Some).ok_or_else(unknown)
}

/// The format of the file.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wish {
    #[default]
    Jpeg,
    Png,
    Webp,
}

/// `POST /v1/campaigns/{c}/poster`: a poster of the campaign as JPEG, PNG or WebP, with a link of its own.
///
/// Who comes by the link is counted for the participant, the poster and its variant. The code is read back from the
/// picture before it is given away. `x-kfactor-link` is the link.
///
/// # Errors
/// As for `share`; `POSTER_UNKNOWN`, `POSTER_NOT_DRAWN` with what the engine says of the code, `BUSY`.
pub async fn poster(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let keeper = app.campaigns.get(&campaign)?;
    let wanted: Wanted = read_body(body)?;
    let document = keeper.document();
    let template = document.posters.get(&wanted.poster).ok_or(Code::PosterUnknown)?.clone();
    if wanted.variant.as_ref().is_some_and(|variant| !template.variant_names().any(|own| own == variant)) {
        return Err(Failure::from(Code::PosterUnknown).with("variant", wanted.variant));
    }
    let variant = wanted.variant.or_else(|| variant_for(&wanted.poster, &template, &wanted.by));
    let point = touchpoint(&wanted.poster, variant.as_deref());
    let asked = Asked { id: wanted.id, by: wanted.by, in_loop: wanted.in_loop, touchpoint: Some(point) };
    let shared = match share::material(&app, &keeper, &campaign, &caller, asked).await? {
        Ok(shared) => shared,
        Err(refused) => return Ok(refused),
    };
    let mut values: Vec<(String, String)> = wanted.values.into_iter().collect();
    values.sort();
    values.push(("title".to_owned(), document.title.clone()));
    values.push(("code".to_owned(), shared.code));
    let data = Data {
        url: shared.url,
        code: None,
        values,
        variant,
        surface: wanted.surface,
        scale: wanted.scale.unwrap_or(100).clamp(50, 200),
    };
    let format = match wanted.format {
        Wish::Jpeg => Format::Jpeg(85),
        Wish::Png => Format::Png,
        Wish::Webp => Format::WebP,
    };
    let key = format!("{campaign}\u{1}{:?}\u{1}{data:?}\u{1}{format:?}", template);
    let picture = picture(&app, key, move |painter| {
        let fonts = painter.fonts.get_or_init(|| Fonts::load(&[]));
        draw(&template, &data, fonts, &painter.images, format)
    })
    .await?;
    let link = picture.code.as_ref().map(|code| code.text.clone()).unwrap_or_default();
    let mut response = (
        [(header::CONTENT_TYPE, format.media_type()), (header::CACHE_CONTROL, "private, max-age=300")],
        picture.bytes.clone(),
    )
        .into_response();
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert("x-kfactor-link", link);
    }
    Ok(response)
}

/// The picture of a key: kept, or drawn now where a core is free.
async fn picture(
    app: &Arc<App>,
    key: String,
    make: impl FnOnce(&Painter) -> Result<Picture, PictureError> + Send + 'static,
) -> Result<Arc<Picture>, Failure> {
    if let Some(known) = app.painter.known(&key) {
        return Ok(known);
    }
    let _core = tokio::time::timeout(std::time::Duration::from_secs(5), app.painter.cores.acquire())
        .await
        .map_err(|_| Failure::from(Code::Busy).after(1))?
        .map_err(|_| Code::Busy)?;
    let owner = Arc::clone(app);
    let drawn =
        tokio::task::spawn_blocking(move || make(&owner.painter)).await.map_err(|_| Code::Unavailable)?;
    let picture = drawn.map_err(|error| Failure::from(Code::PosterNotDrawn).with("reason", error.code()))?;
    if picture.is_read == Some(false) {
        return Err(Failure::from(Code::PosterNotDrawn).with("reason", "POSTER_UNREAD"));
    }
    let picture = Arc::new(picture);
    app.painter.keep(key, &picture);
    Ok(picture)
}
