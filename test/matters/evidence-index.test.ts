import { expect } from 'chai';
import fc from 'fast-check';
import { csvCell, type EvidenceIndex, indexCsv, indexHtml } from '../../src/matters/evidence-index.ts';
import { openDisputes, type Party } from './dispute-world.ts';

describe('csvCell', () => {
  for (const formula of [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '＝1',
    '|x',
    '%x',
    '\u200b=1',
    '\n=cmd',
  ]) {
    it(`gives out ${JSON.stringify(formula)} as text`, () => {
      expect(csvCell(formula)).to.match(/^"'/);
    });
  }

  it('leaves other text alone but for its quotes', () => {
    expect(csvCell('证明 "A" = B')).to.equal('"证明 ""A"" = B"');
  });

  it('stays one cell, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const cell = csvCell(value);
        const inner = cell.slice(1, -1);
        return cell.startsWith('"') && cell.endsWith('"') && !/(^|[^"])"("")*([^"]|$)/.test(inner);
      }),
    );
  });
});

describe('the evidence index of a matter', () => {
  let owner: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    owner = await disputes.party('权利人甲');
  });
  after(() => world.close());

  it('lists items by issue and in their order, with numbers that relations refer to', async () => {
    const matterId = await owner.matter({ title: '<b>图库</b>' });
    const path = `/matters/${matterId}`;
    const [a, b, c] = [
      await owner.deposit('a', '=1+1.txt', { title: '来自声明的名称', source: '声明来源' }),
      await owner.deposit('b', 'b.txt'),
      await owner.deposit('c', 'c.txt'),
    ];
    const add = (fields: object) => owner.get<{ itemId: string }>('POST', `${path}/items`, fields, 201);
    const first = await add({ depositId: a, issue: '权属', proofPurpose: '证明权属' });
    const second = await add({
      depositId: b,
      issue: '侵权行为',
      title: '=HYPERLINK("http://x")',
      form: 'copy',
      pages: 3,
    });
    await add({ depositId: c, issue: '权属' });
    await owner.get(
      'POST',
      `${path}/relations`,
      { itemId: first.itemId, otherItemId: second.itemId, kind: 'corroborates', remark: '<x>' },
      201,
    );

    const index = await owner.get<EvidenceIndex>('GET', `${path}/index.json`);
    expect(index.entries.map(({ no, issue, depositId }) => ({ no, issue, depositId }))).to.deep.equal([
      { no: 1, issue: '权属', depositId: a },
      { no: 2, issue: '权属', depositId: c },
      { no: 3, issue: '侵权行为', depositId: b },
    ]);
    expect(index.entries[0]).to.deep.include({
      name: '来自声明的名称',
      source: '声明来源',
      relations: [{ kind: 'corroborates', no: 3, remark: '<x>' }],
    });
    expect(index.entries[2]).to.include({ source: null, pages: 3, form: 'copy' });

    const csv = await owner.ask('GET', `${path}/index.csv`);
    expect(csv.headers.get('content-disposition')).to.match(/attachment/);
    const text = Buffer.from(await csv.arrayBuffer()).toString('utf8');
    expect(text).to.equal(indexCsv({ ...index }));
    expect(text)
      .to.match(/^\ufeff"序号/)
      .and.include(`"'=HYPERLINK(""http://x"")"`)
      .and.include(`"'=1+1.txt `);
    expect(text).to.include('来源未说明');

    const page = await owner.ask('GET', `${path}/index.html`);
    expect(page.headers.get('content-security-policy'))
      .to.match(/sandbox/)
      .and.match(/default-src 'none'/);
    const html = await page.text();
    expect(html).to.include('&#60;b&#62;图库').and.not.include('<b>').and.not.include('<x>');
    expect(await owner.custody(a)).to.deep.equal(['received', 'viewed', 'viewed', 'viewed']);
  });

  it('of a matter without items is empty', () => {
    const index = { matterId: 'm', title: 't', dispute: 'other', madeAt: '2026-11-22T00:00:00.000Z', entries: [] };
    expect(indexCsv(index).trim().split('\r\n')).to.have.length(1);
    expect(indexHtml(index)).to.include('<tbody>\n\n</tbody>');
  });
});
