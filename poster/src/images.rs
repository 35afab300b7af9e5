//! Pictures on posters: `data:` addresses, and files of one folder. Nothing is fetched, so that nobody can make a server
//! ask for addresses.

use std::path::{Component, Path, PathBuf};

/// Where pictures come from.
#[derive(Clone, Debug, Default)]
pub struct Images {
    folder: Option<PathBuf>,
}

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4_000_000;

impl Images {
    /// Only `data:` addresses.
    #[must_use]
    pub fn inline() -> Images {
        Images { folder: None }
    }

    /// Also files below a folder.
    #[must_use]
    pub fn of(folder: PathBuf) -> Images {
        Images { folder: Some(folder) }
    }

    /// The address that stands for a picture in SVG; `None` for one that is not there.
    #[must_use]
    pub fn source(&self, src: &str) -> Option<String> {
        let kinds = ["data:image/png;", "data:image/jpeg;", "data:image/webp;", "data:image/gif;"];
        if kinds.iter().any(|kind| src.starts_with(kind)) {
            return Some(src.to_owned());
        }
        let path = Path::new(src);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let file = self.folder.as_ref()?.join(path);
        if std::fs::metadata(&file).ok()?.len() > LARGEST {
            return None;
        }
        let bytes = std::fs::read(&file).ok()?;
        let kind = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "png",
            [0xFF, 0xD8, ..] => "jpeg",
            [b'R', b'I', b'F', b'F', ..] => "webp",
            [b'G', b'I', b'F', ..] => "gif",
            _ => return None,
        };
        Some(format!("data:image/{kind};base64,{}", base64(&bytes)))
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let value = at(0) << 16 | at(1) << 8 | at(2);
        for (place, shift) in [18u32, 12, 6, 0].into_iter().enumerate() {
            let letter =
                LETTERS.get(usize::try_from(value >> shift & 63).unwrap_or(0)).copied().unwrap_or(b'=');
            out.push(if place > group.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_of_the_folder_are_read() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
        let folder = std::env::temp_dir().join(format!("kfactor-images-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.png"), b"\x89PNGxyz").unwrap();
        std::fs::write(folder.join("key.txt"), b"secret").unwrap();
        let images = Images::of(folder.join("."));
        assert_eq!(images.source("a.png").as_deref(), Some("data:image/png;base64,iVBOR3h5eg=="));
        for src in [
            "key.txt",
            "../a.png",
            "/etc/passwd",
            "https://example.com/a.png",
            "missing.png",
            "data:text/html,x",
        ] {
            assert_eq!(images.source(src), None, "{src}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
