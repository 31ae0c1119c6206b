// The least that could be called a deposit: Express and multer, both digests, one committed row.
// Usage: DATABASE_URL=… node bare-deposit-server.ts; prints its port.
import { createHash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import multer from 'multer';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
await pool.query(`create table if not exists bare_deposit (
  deposit_id uuid primary key, name text not null, size_bytes int8 not null, sha256 bytea not null, sm3 bytea not null)`);
const upload = multer({ storage: multer.memoryStorage() });
const app = express();
app.post('/deposits', upload.single('files'), async (req, res) => {
  const { originalname, buffer } = req.file as Express.Multer.File;
  const depositId = randomUUID();
  const [sha256, sm3] = ['sha256', 'sm3'].map((name) => createHash(name).update(buffer).digest());
  await pool.query('insert into bare_deposit values ($1, $2, $3, $4, $5)', [
    depositId,
    originalname,
    buffer.length,
    sha256,
    sm3,
  ]);
  res.status(201).json({ depositId });
});
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
