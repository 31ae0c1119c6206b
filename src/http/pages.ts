import { join } from 'node:path';
import express, { type RequestHandler, type Response } from 'express';

/** Pages load only from here. Ant Design writes its styles into the page; hash-wasm compiles WebAssembly. */
const PAGES_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** One file that holds all it needs, and may ask nobody for anything: what is dropped into it cannot leave. */
const VERIFIER_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'wasm-unsafe-eval'",
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
  'font-src data:',
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The built pages. Files with a digest in their name, below `assets/`, never change. */
export function pages(folder: string): RequestHandler {
  const serve = express.static(folder, {
    index: 'index.html',
    redirect: false,
    dotfiles: 'ignore',
    setHeaders: (res: Response, path: string) => {
      res.set('Content-Security-Policy', path.endsWith('verify.html') ? VERIFIER_POLICY : PAGES_POLICY);
      const isAsset = path.startsWith(join(folder, 'assets'));
      res.set('Cache-Control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return (req, res, next) => serve(req, res, next);
}

/** The secret of a link, base64url, and the id of an invitation are the parts with capitals. */
const PAGE_ADDRESS = /^\/(?:(?!api\/|log\/|assets\/)[a-z0-9/-]*|(?:shared|invitations)\/[A-Za-z0-9_-]+)$/;

/** A page's own address, opened directly: the first page finds out what to show. */
export function firstPageForAddresses(folder: string): RequestHandler {
  return (req, res, next) => {
    const isPage = (req.method === 'GET' || req.method === 'HEAD') && PAGE_ADDRESS.test(req.path);
    if (!isPage || req.accepts(['application/json', 'text/html']) !== 'text/html') {
      next();
      return;
    }
    res.set({ 'Content-Security-Policy': PAGES_POLICY, 'Cache-Control': 'no-cache' });
    res.sendFile('index.html', { root: folder }, (error) => {
      if (error) next();
    });
  };
}
