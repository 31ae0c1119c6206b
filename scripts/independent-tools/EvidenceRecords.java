import java.io.FileInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.tsp.EvidenceRecord;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampResponseGenerator;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.tsp.TimeStampTokenGenerator;
import org.bouncycastle.tsp.ers.ERSArchiveTimeStamp;
import org.bouncycastle.tsp.ers.ERSArchiveTimeStampGenerator;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

/**
 * RFC 4998 evidence records through BouncyCastle (bcpkix), which knows nothing of us.
 *   verify record.ers file…   each file stands in the record, and each timestamp covers the one before; several: as one group too
 *   make folder               records of its own, with the files and the authorities' roots, for our verifier to read
 */
public final class EvidenceRecords {
  private static final DigestCalculatorProvider DIGESTS;

  static {
    try {
      java.security.Security.addProvider(new BouncyCastleProvider());
      DIGESTS = new JcaDigestCalculatorProviderBuilder().build();
    } catch (Exception e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("verify")) verify(args);
    else make(Path.of(args[1]));
  }

  private static void verify(String[] args) throws Exception {
    ERSEvidenceRecord record = new ERSEvidenceRecord(new FileInputStream(args[1]), DIGESTS);
    List<ERSData> group = new ArrayList<>();
    for (int i = 2; i < args.length; i++) {
      ERSData data = new ERSByteData(Files.readAllBytes(Path.of(args[i])));
      group.add(data);
      // Throws unless the data stands in the first timestamp, and in the first of the newest chain together with the older chains.
      record.validatePresent(data, new Date());
      System.out.println("present: " + args[i]);
    }
    if (group.size() > 1) {
      record.validatePresent(new ERSDataGroup(group), new Date());
      System.out.println("present: all " + group.size() + " as one group");
    }
    // The newest timestamp, by the certificate that it carries; whom to trust is not asked here.
    X509CertificateHolder signer = record.getSigningCertificate();
    record.validate(new JcaSimpleSignerInfoVerifierBuilder().build(signer));
    System.out.println("stamped by " + signer.getSubject());
  }

  /** A root with a signer of timestamps below it. */
  private static final class Authority {
    final KeyPair keys;
    final X509CertificateHolder root;
    final X509CertificateHolder signer;
    long serial = 1;

    Authority(String name, Date from, Date to) throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair rootKeys = generator.generateKeyPair();
      keys = generator.generateKeyPair();
      X500Name rootName = new X500Name("CN=" + name + " root");
      JcaX509v3CertificateBuilder rootBuilder =
          new JcaX509v3CertificateBuilder(rootName, BigInteger.ONE, from, to, rootName, rootKeys.getPublic());
      rootBuilder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      rootBuilder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      root = rootBuilder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(rootKeys.getPrivate()));
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(rootName, BigInteger.TWO, from, to, new X500Name("CN=" + name), keys.getPublic());
      builder.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(KeyPurposeId.id_kp_timeStamping));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      signer = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(rootKeys.getPrivate()));
    }

    TimeStampResponse stamp(TimeStampRequest request, Date at) throws Exception {
      var x509 = new JcaX509CertificateConverter().getCertificate(signer);
      TimeStampTokenGenerator generator =
          new TimeStampTokenGenerator(
              new JcaSimpleSignerInfoGeneratorBuilder().build("SHA256withECDSA", keys.getPrivate(), x509),
              DIGESTS.get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256)),
              new ASN1ObjectIdentifier("1.3.6.1.4.1.32473.3161.1"));
      generator.addCertificates(new JcaCertStore(Arrays.asList(signer)));
      TimeStampResponseGenerator responses = new TimeStampResponseGenerator(generator, TSPAlgorithms.ALLOWED);
      return responses.generateGrantedResponse(request, BigInteger.valueOf(serial++), at);
    }
  }

  private static void make(Path folder) throws Exception {
    Files.createDirectories(folder);
    SimpleDateFormat day = new SimpleDateFormat("yyyy-MM-dd");
    Authority first = new Authority("First", day.parse("2026-01-01"), day.parse("2030-01-01"));
    Authority second = new Authority("Second", day.parse("2028-01-01"), day.parse("2040-01-01"));
    Files.write(folder.resolve("first-root.der"), first.root.getEncoded());
    Files.write(folder.resolve("second-root.der"), second.root.getEncoded());
    List<ERSData> data = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      byte[] content = ("file " + i + " of three\n").getBytes("UTF-8");
      Files.write(folder.resolve("file-" + i + ".txt"), content);
      data.add(new ERSByteData(content));
    }
    List<ERSData> group = new ArrayList<>();
    for (String name : List.of("letter", "annex")) {
      byte[] content = (name + " of a group\n").getBytes("UTF-8");
      Files.write(folder.resolve(name + ".txt"), content);
      group.add(new ERSByteData(content));
    }
    data.add(new ERSDataGroup(group));

    ERSArchiveTimeStampGenerator generator =
        new ERSArchiveTimeStampGenerator(DIGESTS.get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256)));
    generator.addAllData(data);
    TimeStampRequestGenerator requests = new TimeStampRequestGenerator();
    requests.setCertReq(true);
    List<ERSArchiveTimeStamp> stamps =
        generator.generateArchiveTimeStamps(first.stamp(generator.generateTimeStampRequest(requests), day.parse("2026-06-01")));
    for (ERSArchiveTimeStamp stamp : stamps) {
      ERSEvidenceRecord record = new ERSEvidenceRecord(new EvidenceRecord(null, null, stamp.toASN1Structure()), DIGESTS);
      String name = null;
      ERSData subject = null;
      for (int i = 0; i < data.size(); i++) {
        try {
          record.validatePresent(data.get(i), new Date(4000000000000L));
          name = i < 3 ? "file-" + (i + 1) : "group";
          subject = data.get(i);
        } catch (org.bouncycastle.tsp.ers.ERSException e) {
          continue;
        }
      }
      Files.write(folder.resolve(name + ".ers"), record.getEncoded());
      ERSEvidenceRecord renewed =
          record.renewTimeStamp(second.stamp(record.generateTimeStampRenewalRequest(requests), day.parse("2029-06-01")));
      Files.write(folder.resolve(name + "-renewed.ers"), renewed.getEncoded());
      ERSEvidenceRecord rehashed =
          renewed.renewHash(
              DIGESTS.get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha512)),
              subject,
              second.stamp(
                  renewed.generateHashRenewalRequest(
                      DIGESTS.get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha512)), subject, requests),
                  day.parse("2031-06-01")));
      Files.write(folder.resolve(name + "-rehashed.ers"), rehashed.getEncoded());
    }
  }
}
