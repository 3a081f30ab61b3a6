//! Reads a file that contains a secret, if no other user can read or change it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    path::Path,
};

use secrecy::SecretString;

use crate::error::GatewayError;

/// The limit on a file, in bytes. Secrets are shorter.
const LIMIT: u64 = 64 << 10;

/// # Errors
///
/// [`GatewayError::Setting`] for `field`. The message quotes neither the file nor its path: by mistake
/// the path could be the secret itself.
pub(crate) fn read(path: &Path, field: &'static str) -> Result<SecretString, GatewayError> {
    let refused = |problem: &str| GatewayError::Setting {
        field,
        message: format!("{field} {problem}"),
    };
    let failed = |error: io::Error| refused(&format!("could not be read: {error}"));
    let file = open(path).map_err(failed)?;
    // The type and permissions are those of the open file, so it cannot be swapped in between.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(refused("could not be read: it is not a regular file"));
    }
    if metadata.len() > LIMIT {
        return Err(refused("could not be read: it is longer than 64 KiB"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let is_read_only = rustix::fs::fstatvfs(&file).is_ok_and(|file_system| {
            file_system
                .f_flag
                .contains(rustix::fs::StatVfsMountFlags::RDONLY)
        });
        if !is_private(metadata.mode(), metadata.uid(), is_read_only) {
            return Err(refused(
                "can be read by users other than its owner: run chmod 600 on it",
            ));
        }
    }
    let mut text = String::new();
    // The file can grow, so its length alone is no limit.
    file.take(LIMIT).read_to_string(&mut text).map_err(failed)?;
    Ok(text.into())
}

/// Opens the file without waiting: opening a FIFO would block until another process writes to it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path)
}

/// Whether only the owner can access the file. Kubernetes mounts secrets as files of root on a
/// read-only file system with mode 0440 or 0444. There, reading is allowed to others too: the only
/// user in such a container is the gateway.
#[cfg(unix)]
fn is_private(mode: u32, owner: u32, is_read_only: bool) -> bool {
    const OTHERS: u32 = 0o077;
    const OTHERS_READ: u32 = 0o044;
    let allowed = match owner == 0 && is_read_only {
        true => OTHERS_READ,
        false => 0,
    };
    mode & OTHERS & !allowed == 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_kubernetes_mounts_is_private() {
        for mode in [0o100_440, 0o100_444, 0o100_400, 0o100_600] {
            assert!(is_private(mode, 0, true), "{mode:o}");
        }
        for mode in [0o100_460, 0o100_446, 0o100_450, 0o100_441, 0o100_777] {
            assert!(!is_private(mode, 0, true), "{mode:o}");
        }
    }

    #[test]
    fn elsewhere_only_the_owner_may_read() {
        for (owner, is_read_only) in [(0, false), (1000, true), (1000, false)] {
            assert!(is_private(0o100_400, owner, is_read_only));
            assert!(!is_private(0o100_440, owner, is_read_only));
            assert!(!is_private(0o100_404, owner, is_read_only));
        }
    }
}
