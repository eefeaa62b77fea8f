//! The hashes of the host codes that are good: the first one, and those that were made since.

use super::DataError;
use super::folder::Folder;
use super::host_code;
use super::opening::database_error;
use redb::{Database, ReadableTable as _, TableDefinition};
use visio_protocol::host_code::{HostCode, HostCodeHash};

/// Hash of a host code to the time at which it was made, in seconds since 1970; 0 where that is not
/// known.
pub(super) const HOST_CODES: TableDefinition<[u8; 32], u64> = TableDefinition::new("host codes");

/// Where the hash of the only host code was, before there could be several.
const SERVER: TableDefinition<&str, [u8; 32]> = TableDefinition::new("server");
const ONLY: &str = "host code hash";

/// Host codes that may be good at a time: one for each person who starts calls, and each is compared
/// with what a request shows.
pub const MAX_HOST_CODES: usize = 64;

/// The hashes of all host codes that are good.
#[derive(Debug, Default)]
pub(super) struct HostCodes(Vec<HostCodeHash>);

impl HostCodes {
    /// Reads them. A folder that has never had one gets its first; a code in the folder's file is
    /// good, whether it was printed before the first start or put back by the owner.
    pub(super) fn load(database: &Database, folder: &Folder) -> Result<Self, DataError> {
        let failed = |error| database_error(&folder.database(), error);
        let (mut codes, had_some) = read(database).map_err(failed)?;
        let written = match host_code::read(&folder.host_code())? {
            None if !had_some => Some(host_code::make(&folder.host_code())?),
            written => written,
        };
        if let Some(code) = written
            && !codes.contains(&code)
        {
            insert(database, &code.hash(), 0).map_err(failed)?;
            codes.0.push(code.hash());
        }
        Ok(codes)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this is one of them. Takes as long for a wrong code as for a right one.
    pub(super) fn contains(&self, code: &HostCode) -> bool {
        self.0
            .iter()
            .fold(false, |found, hash| found | hash.matches(code))
    }

    /// All of them.
    pub(super) fn hashes(&self) -> Vec<[u8; 32]> {
        self.0.iter().map(|hash| *hash.as_bytes()).collect()
    }

    /// From now on there are these alone, as far as there may be so many. The disk learns of it later.
    pub(super) fn replace(&mut self, hashes: Vec<[u8; 32]>) {
        self.0.clear();
        for hash in hashes {
            self.gain(hash);
        }
    }

    /// There is this one too, if there may be so many. The disk learns of it later.
    pub(super) fn gain(&mut self, hash: [u8; 32]) {
        if self.hashes().contains(&hash) {
            return;
        }
        if self.len() < MAX_HOST_CODES {
            self.0.push(HostCodeHash::from_bytes(hash));
        } else {
            tracing::warn!("there are {MAX_HOST_CODES} host codes: another one is not taken");
        }
    }

    /// There is no such one any more. The disk learns of it later.
    pub(super) fn lose(&mut self, hash: &[u8; 32]) {
        self.0.retain(|other| other.as_bytes() != hash);
    }

    /// Adds one that was made at `now`, in seconds since 1970.
    pub(super) fn add(
        &mut self,
        code: &HostCode,
        database: &Database,
        now: u64,
    ) -> Result<(), redb::Error> {
        insert(database, &code.hash(), now)?;
        self.0.push(code.hash());
        Ok(())
    }

    /// Takes those away for which `revoked` says so; answers how many.
    pub(super) fn revoke(
        &mut self,
        revoked: impl Fn(&HostCodeHash) -> bool,
        database: &Database,
    ) -> Result<usize, redb::Error> {
        let write = database.begin_write()?;
        {
            let mut table = write.open_table(HOST_CODES)?;
            for hash in self.0.iter().filter(|hash| revoked(hash)) {
                table.remove(hash.as_bytes())?;
            }
        }
        write.commit()?;
        let before = self.0.len();
        self.0.retain(|hash| !revoked(hash));
        Ok(before - self.0.len())
    }
}

/// All hashes, and whether this folder has ever had a host code.
fn read(database: &Database) -> Result<(HostCodes, bool), redb::Error> {
    let write = database.begin_write()?;
    let mut codes = Vec::new();
    let had_some = {
        let known = write
            .list_tables()?
            .any(|table| redb::TableHandle::name(&table) == redb::TableHandle::name(&HOST_CODES));
        let mut server = write.open_table(SERVER)?;
        let mut table = write.open_table(HOST_CODES)?;
        let only = server.remove(ONLY)?.map(|hash| hash.value());
        if let Some(hash) = only {
            table.insert(hash, 0)?;
        }
        for entry in table.iter()? {
            codes.push(HostCodeHash::from_bytes(entry?.0.value()));
        }
        known || only.is_some()
    };
    write.commit()?;
    Ok((HostCodes(codes), had_some))
}

fn insert(database: &Database, hash: &HostCodeHash, now: u64) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(HOST_CODES)?.insert(hash.as_bytes(), now)?;
    write.commit()?;
    Ok(())
}
