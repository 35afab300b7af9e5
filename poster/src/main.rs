//! `kfactor-poster`: one poster of a campaign, or one for each line of a table, as PNG, JPEG, WebP, SVG or PDF.

mod check;

use clap::Parser;
use kfactor::attribution::{Token, day_of};
use kfactor::campaign::{Campaign, Names, Surface};
use kfactor::engine::Time;
use kfactor::poster::{Data, Poster, PosterError, display_list, svg};
use kfactor_poster::{Fonts, Format, Images, PictureError, Sheet, SheetError, draw};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Draws posters of a campaign, with tracked codes, and reads every code back.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The campaign document.
    campaign: PathBuf,
    /// The poster's name in it.
    poster: String,
    /// A file (.png, .jpg, .webp, .svg or .pdf); with --csv a folder, or a .pdf with all posters.
    #[arg(short, long)]
    output: PathBuf,
    /// The link that the code carries.
    #[arg(long)]
    url: Option<String>,
    /// The value of a variable, as `nickname=Ann`.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// A table with a header; its columns are variables, and `url`, `touchpoint`, `variant` and `file`.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// The touchpoint where it hangs, for a link that is made here.
    #[arg(long)]
    touchpoint: Option<String>,
    /// The variant.
    #[arg(long)]
    variant: Option<String>,
    /// The address that short links begin with, as `https://campaigns.example.com`.
    #[arg(long)]
    base: Option<String>,
    /// A file with the key that signs tokens, in hexadecimal.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// The number of that key.
    #[arg(long, default_value_t = 0)]
    kid: u8,
    /// The surface it is for, where layers are not for every one: mini-program, h5, app or offline
    #[arg(long, value_parser = surface)]
    surface: Option<Surface>,
    /// The pixels of the picture in per cent of the template's.
    #[arg(long, default_value_t = 100)]
    scale: u16,
    /// The quality of JPEG.
    #[arg(long, default_value_t = 85)]
    quality: u8,
    /// A folder with further fonts.
    #[arg(long)]
    fonts: Option<PathBuf>,
    /// The folder of pictures that the template names.
    #[arg(long)]
    images: Option<PathBuf>,
    /// The width of a poster in print, in millimetres.
    #[arg(long, default_value_t = 78.0)]
    print_width: f32,
    /// The paper, in millimetres.
    #[arg(long, default_value = "210x297")]
    paper: String,
    /// How far the ground goes beyond the edge that is cut, in millimetres.
    #[arg(long, default_value_t = 3.0)]
    bleed: f32,
    /// From how far away it is scanned, in millimetres.
    #[arg(long, default_value_t = 250.0)]
    distance: f32,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("kfactor-poster: {failed} failed");
            ExitCode::FAILURE
        }
        Err(reason) => {
            eprintln!("kfactor-poster: {reason}");
            ExitCode::from(2)
        }
    }
}

fn surface(word: &str) -> Result<Surface, String> {
    Surface::parse(word).ok_or_else(|| "it is mini-program, h5, app or offline".to_owned())
}

/// Draws everything; gives how many posters failed.
fn run(arguments: &Arguments) -> Result<usize, String> {
    let parsed = Campaign::parse(&read(&arguments.campaign)?, &Names::default()).map_err(|problems| {
        let first = problems.first().map_or("", |problem| problem.message.as_str());
        format!("{}: {first} (`kfactor validate` lists all problems)", arguments.campaign.display())
    })?;
    let Some(poster) = parsed.campaign.posters.get(&arguments.poster) else {
        let known: Vec<&str> = parsed.campaign.posters.iter().map(|(name, _)| name).collect();
        return Err(format!(
            "the campaign has no poster `{}`; it has: {}",
            arguments.poster,
            known.join(", ")
        ));
    };
    let links = Links::of(arguments, &parsed.campaign, &parsed.names)?;
    let jobs = jobs(arguments, &parsed.campaign, poster, &links)?;
    let folders: Vec<&Path> = arguments.fonts.as_deref().into_iter().collect();
    let fonts = Fonts::load(&folders);
    if !fonts.has_chinese() {
        eprintln!("kfactor-poster: no font here has Chinese characters; give a folder with one by --fonts");
    }
    if !fonts.has_emoji() {
        eprintln!(
            "kfactor-poster: no font here has emoji, which are left out; give a folder with one by --fonts"
        );
    }
    let images = arguments.images.clone().map_or_else(Images::inline, Images::of);
    if is(&arguments.output, "pdf") {
        return sheets(arguments, poster, &jobs, &fonts, &images).map(|()| 0);
    }
    if arguments.csv.is_some() {
        std::fs::create_dir_all(&arguments.output).map_err(|error| error.to_string())?;
    }
    Ok(pictures(arguments, poster, &jobs, &fonts, &images))
}

/// A poster to draw.
struct Job {
    file: PathBuf,
    data: Data,
}

fn jobs(
    arguments: &Arguments,
    campaign: &Campaign,
    poster: &Poster,
    links: &Links,
) -> Result<Vec<Job>, String> {
    let mut common = vec![("title".to_owned(), campaign.title.to_string())];
    for pair in &arguments.values {
        let (name, value) = pair.split_once('=').ok_or(format!("--set needs NAME=VALUE, not `{pair}`"))?;
        common.push((name.to_owned(), value.to_owned()));
    }
    let job = |row: Vec<(String, String)>, number: usize| -> Result<Job, String> {
        let of = |name: &str| {
            row.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let url = match of("url").or_else(|| arguments.url.clone()) {
            Some(url) => check::link(&url).map(|()| url)?,
            None => links.of_touchpoint(of("touchpoint").as_deref().or(arguments.touchpoint.as_deref()))?,
        };
        let name = of("file").unwrap_or_else(|| format!("{number:05}.jpg"));
        if !Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(format!("`{name}` is not the name of a file"));
        }
        let file =
            if arguments.csv.is_some() { arguments.output.join(name) } else { arguments.output.clone() };
        let variant = of("variant").or_else(|| arguments.variant.clone());
        known_variant(poster, variant.as_deref())?;
        let values = row.into_iter().chain(common.iter().cloned()).collect();
        let scale = arguments.scale.clamp(25, 400);
        let surface = arguments.surface;
        Ok(Job { file, data: Data { url, values, variant, scale, surface, code: None } })
    };
    let set = arguments.values.iter().filter_map(|pair| Some(pair.split_once('=')?.0));
    remark(poster, set);
    let Some(table) = &arguments.csv else { return Ok(vec![job(Vec::new(), 1)?]) };
    let mut reader = csv::Reader::from_path(table).map_err(|error| error.to_string())?;
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| error.to_string())?
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    remark(poster, header.iter().map(String::as_str));
    let rows = reader.records().zip(1..).map(|(row, number)| {
        let row = row.map_err(|error| error.to_string())?;
        let row = header.iter().cloned().zip(row.iter().map(|value| value.trim().to_owned())).collect();
        job(row, number).map_err(|reason| format!("{}: row {number}: {reason}", table.display()))
    });
    let jobs: Vec<Job> = rows.collect::<Result<_, String>>()?;
    if !is(&arguments.output, "pdf") {
        check::files(jobs.iter().map(|job| job.file.as_path()))
            .map_err(|reason| format!("{}: {reason}", table.display()))?;
    }
    Ok(jobs)
}

/// Says which names that were given the poster leaves out.
fn remark<'n>(poster: &Poster, given: impl Iterator<Item = &'n str>) {
    for name in check::unused(poster, given) {
        let known = poster.variable_names().join(", ");
        eprintln!("kfactor-poster: the poster has no variable `{name}`, which is left out; it has: {known}");
    }
}

/// Refuses a variant that the poster has not: a thousand prints without their headline are expensive.
fn known_variant(poster: &Poster, variant: Option<&str>) -> Result<(), String> {
    let names: Vec<&str> = poster.variant_names().collect();
    match variant {
        None if names.is_empty() => Ok(()),
        Some(variant) if names.contains(&variant) => Ok(()),
        Some(variant) if names.is_empty() => {
            Err(format!("the poster has no variants, and so no `{variant}`"))
        }
        Some(variant) => Err(format!("the poster has no variant `{variant}`; it has: {}", names.join(", "))),
        None => Err(format!("say which variant, by --variant or a column: {}", names.join(", "))),
    }
}

/// Makes links with tokens of touchpoints.
struct Links {
    base: Option<String>,
    key: Option<Vec<u8>>,
    kid: u8,
    campaign: u32,
    touchpoints: Vec<(String, u32)>,
}

impl Links {
    fn of(arguments: &Arguments, campaign: &Campaign, names: &Names) -> Result<Links, String> {
        let key = arguments.key_file.as_deref().map(read).transpose()?;
        let key =
            key.map(|text| bytes(text.trim()).ok_or("the key is not hexadecimal".to_owned())).transpose()?;
        let rules = names.touchpoints.iter().zip(campaign.touchpoints.iter());
        let touchpoints =
            rules.filter_map(|(name, rules)| Some((name.clone(), rules.as_ref()?.number(name)))).collect();
        arguments.base.as_deref().map(check::base).transpose()?;
        let base = arguments.base.as_deref().map(|base| base.trim_end_matches('/').to_owned());
        Ok(Links { base, key, kid: arguments.kid, campaign: campaign.number(), touchpoints })
    }

    /// The link of a touchpoint.
    fn of_touchpoint(&self, name: Option<&str>) -> Result<String, String> {
        let (Some(base), Some(key), Some(name)) = (&self.base, &self.key, name) else {
            return Err(
                "give --url, or --base, --key-file and a touchpoint, from which a link is made".to_owned()
            );
        };
        let number = self.touchpoints.iter().find(|(known, _)| known == name).map(|(_, number)| *number);
        let touchpoint = number.ok_or(format!("the campaign has no touchpoint `{name}`"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let token = Token {
            version: Token::SIGNED,
            kid: self.kid,
            kind: Token::TOUCHPOINT,
            campaign: self.campaign,
            touchpoint,
            inviter: 0,
            day: day_of(Time(i64::try_from(now).unwrap_or(0))),
            depth: 0,
        };
        Ok(format!("{base}/r/{}", token.mint(key).map_err(|error| error.code().to_owned())?))
    }
}

/// Draws every job, on all cores; gives how many failed.
fn pictures(arguments: &Arguments, poster: &Poster, jobs: &[Job], fonts: &Fonts, images: &Images) -> usize {
    let (next, done, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(reason) = one(arguments, poster, job, fonts, images) {
                failed.fetch_add(1, Ordering::Relaxed);
                eprintln!("{}: {reason}", job.file.display());
            }
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if jobs.len() > 1 && (count % 100 == 0 || count == jobs.len()) {
                eprintln!("{count} of {}", jobs.len());
            }
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores.min(jobs.len())).for_each(|_| drop(scope.spawn(work)));
    });
    failed.into_inner()
}

fn one(
    arguments: &Arguments,
    poster: &Poster,
    job: &Job,
    fonts: &Fonts,
    images: &Images,
) -> Result<(), String> {
    let save = |bytes: &[u8]| std::fs::write(&job.file, bytes).map_err(|error| error.to_string());
    if is(&job.file, "svg") {
        let list = display_list(poster, &job.data, &mut fonts.measure()).map_err(|error| in_words(&error))?;
        return save(svg(&list, &|src| images.source(src)).as_bytes());
    }
    let formats = [
        ("png", Format::Png),
        ("jpg", Format::Jpeg(arguments.quality)),
        ("jpeg", Format::Jpeg(arguments.quality)),
        ("webp", Format::WebP),
    ];
    let known = formats.into_iter().find(|(ending, _)| is(&job.file, ending));
    let (_, format) = known.ok_or("the file's name has to end with .png, .jpg, .webp, .svg or .pdf")?;
    let picture = draw(poster, &job.data, fonts, images, format).map_err(|error| match error {
        PictureError::Poster(error) => in_words(&error),
        PictureError::Raster(reason) => format!("POSTER_RASTER: {reason}"),
    })?;
    for finding in &picture.findings {
        eprintln!("{}: {}: {}", job.file.display(), finding.code, finding.message);
    }
    if picture.is_read == Some(false) {
        return Err(
            "POSTER_UNREAD: the code could not be read back from the picture; it is not written".to_owned()
        );
    }
    save(&picture.bytes)
}

fn sheets(
    arguments: &Arguments,
    poster: &Poster,
    jobs: &[Job],
    fonts: &Fonts,
    images: &Images,
) -> Result<(), String> {
    let (width, height) =
        arguments.paper.split_once('x').ok_or("--paper is written like 210x297".to_owned())?;
    let length = |text: &str| text.parse::<f32>().map_err(|_| "--paper is written like 210x297".to_owned());
    let sheet = Sheet {
        width: length(width)?,
        height: length(height)?,
        poster: arguments.print_width,
        bleed: arguments.bleed,
        distance: arguments.distance,
    };
    let posters: Vec<(&Poster, &Data)> = jobs.iter().map(|job| (poster, &job.data)).collect();
    let pdf = sheet.pdf(&posters, fonts, images).map_err(|error| match error {
        SheetError::Poster(error) => in_words(&error),
        SheetError::Module(is, needed) => format!(
            "PRINT_MODULE: a module is {} mm wide, and {} mm are needed: print larger, or shorten the link",
            millimetres(is),
            millimetres(needed)
        ),
        SheetError::Room => "PRINT_ROOM: the poster with bleed and marks is larger than the paper".to_owned(),
        SheetError::Pdf(reason) => format!("PRINT_PDF: {reason}"),
    })?;
    let mut file = std::fs::File::create(&arguments.output).map_err(|error| error.to_string())?;
    file.write_all(&pdf).map_err(|error| error.to_string())
}

/// The code of an error, and what it says.
fn in_words(error: &PosterError) -> String {
    let what = match error {
        PosterError::Data => "the data is not an object of known keys".to_owned(),
        PosterError::Code(error) => error.to_string(),
        PosterError::Limits(findings) => findings.first().map_or("", |finding| finding.message).to_owned(),
    };
    format!("{}: {what}", error.code())
}

fn millimetres(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn is(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hexadecimal
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    (digits.len().is_multiple_of(2))
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}
