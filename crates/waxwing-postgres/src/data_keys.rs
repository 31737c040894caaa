//! Data keys, and the values that they seal.

use tokio_postgres::{GenericClient, Row};
use waxwing_core::seal::Sealed;
use waxwing_store::{Actor, AuditEntry, DataKey, Resealed, SEALED_COLUMNS, SealedColumn, SealedValue};

use crate::{
    audit,
    changes::{self, Change},
    rows,
    sql::{Param, Result, execute, first, get, params, query},
    store::Shared,
};

const COLUMNS: &str = "SELECT number, sealed, created_at FROM data_key";

pub(crate) fn number(column: i64) -> Result<u32> {
    u32::try_from(column).map_err(rows::unreadable)
}

fn data_key(row: &Row) -> Result<DataKey> {
    Ok(DataKey {
        number: self::number(get(row, 0)?)?,
        sealed: Sealed::from_bytes(get(row, 1)?),
        created_at: rows::time(row, 2)?,
    })
}

pub(crate) async fn all<C: GenericClient + Sync>(client: &C) -> Result<Vec<DataKey>> {
    query(client, COLUMNS, &[]).await?.iter().map(data_key).collect()
}

pub(crate) async fn one<C: GenericClient + Sync>(client: &C, number: i64) -> Result<Option<DataKey>> {
    let row = first(client, &format!("{COLUMNS} WHERE number = $1"), params![number => INT8]).await?;
    row.as_ref().map(data_key).transpose()
}

/// Rows whose value in a column begins otherwise than $1; that of an erased webhook is empty.
fn otherwise(column: SealedColumn) -> String {
    format!("FROM webhook WHERE length({name}) > 0 AND substr({name}, 1, 5) <> $1", name = column.name)
}

async fn sealed_otherwise<C: GenericClient + Sync>(client: &C, number: u32) -> Result<u64> {
    let (head, mut sum) = (Sealed::head(number), 0);
    for column in SEALED_COLUMNS {
        let sql = format!("SELECT count(*) {}", otherwise(*column));
        let row = first(client, &sql, params![&head[..] => BYTEA]).await?;
        sum += row.map_or(Ok(0), |row| get::<i64>(&row, 0))?.unsigned_abs();
    }
    Ok(sum)
}

impl Shared {
    pub(crate) async fn create_data_key(&self, key: DataKey, by: &Actor) -> Result<bool> {
        let number = i64::from(key.number);
        self.change_data_key(
            AuditEntry::of_data_key(by, None, Some(&key)),
            number,
            "INSERT INTO data_key (number, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![number => INT8, key.sealed.as_bytes() => BYTEA, key.created_at.millis() => INT8],
        )
        .await
    }

    pub(crate) async fn replace_data_key(
        &self,
        before: &DataKey,
        sealed: Sealed,
        by: &Actor,
    ) -> Result<bool> {
        let key = DataKey { sealed, ..before.clone() };
        let number = i64::from(key.number);
        self.change_data_key(
            AuditEntry::of_data_key(by, Some(before), Some(&key)),
            number,
            "UPDATE data_key SET sealed = $2 WHERE number = $1 AND sealed = $3",
            params![number => INT8, key.sealed.as_bytes() => BYTEA, before.sealed.as_bytes() => BYTEA],
        )
        .await
    }

    async fn change_data_key(
        &self,
        entry: AuditEntry,
        number: i64,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let changed = execute(&*transaction, sql, params).await? == 1;
        if changed {
            audit::note(&transaction, Some(entry)).await?;
            changes::note(&transaction, &[Change::DataKey(number)]).await?;
        }
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(changed)
    }

    pub(crate) async fn delete_data_keys_before(&self, number: u32, by: &Actor) -> Result<usize> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        if sealed_otherwise(&*transaction, number).await? > 0 {
            return Ok(0);
        }
        let sql = "DELETE FROM data_key WHERE number < $1 RETURNING number, sealed, created_at";
        let rows = query(&*transaction, sql, params![i64::from(number) => INT8]).await?;
        let mut noted = Vec::with_capacity(rows.len());
        for row in &rows {
            let key = data_key(row)?;
            audit::note(&transaction, Some(AuditEntry::of_data_key(by, Some(&key), None))).await?;
            noted.push(Change::DataKey(key.number.into()));
        }
        changes::note(&transaction, &noted).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(noted.len())
    }

    pub(crate) async fn sealed_otherwise(&self, number: u32) -> Result<u64> {
        let connection = self.connection().await?;
        sealed_otherwise(&**connection, number).await
    }

    pub(crate) async fn sealed_page(
        &self,
        column: SealedColumn,
        number: u32,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedValue>> {
        let connection = self.connection().await?;
        let sql = format!(
            "SELECT seq, id, {} {} AND seq > $2 ORDER BY seq LIMIT $3",
            column.name,
            otherwise(column)
        );
        let head = Sealed::head(number);
        let params = params![&head[..] => BYTEA, after => INT8, rows::limit(limit) => INT8];
        let found = query(&**connection, &sql, params).await?;
        let value = |row: &Row| {
            Ok(SealedValue {
                row: get(row, 0)?,
                place: format!("{}{}", get::<&str>(row, 1)?, column.suffix),
                sealed: Sealed::from_bytes(get(row, 2)?),
            })
        };
        found.iter().map(value).collect()
    }

    pub(crate) async fn replace_sealed(&self, column: SealedColumn, values: &[Resealed]) -> Result<usize> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let seqs: Vec<i64> = values.iter().map(|value| value.row).collect();
        let before: Vec<&[u8]> = values.iter().map(|value| value.before.as_bytes()).collect();
        let after: Vec<&[u8]> = values.iter().map(|value| value.after.as_bytes()).collect();
        let sql = format!(
            "UPDATE webhook w SET {name} = v.after FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) \
             AS v(seq, before, after) WHERE w.seq = v.seq AND w.{name} = v.before RETURNING w.seq",
            name = column.name
        );
        let params = params![seqs => INT8_ARRAY, before => BYTEA_ARRAY, after => BYTEA_ARRAY];
        let rows = query(&*transaction, &sql, params).await?;
        let noted = rows.iter().map(|row| get(row, 0).map(Change::Resealed)).collect::<Result<Vec<_>>>()?;
        changes::note(&transaction, &noted).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(noted.len())
    }
}
