// A throw-away authority and a certificate for 127.0.0.1, made by openssl for one run.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  caFile: string;
  cert: Buffer;
  key: Buffer;
}

export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.pem.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Test CA",
  );
  openssl(
    "req",
    ...newKey,
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
    "-subj",
    "/CN=127.0.0.1",
  );
  writeFileSync(at("extensions"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  openssl(
    "x509",
    "-req",
    "-in",
    "server.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.pem.key",
    "-CAcreateserial",
    "-out",
    "server.pem",
    "-days",
    "2",
    "-extfile",
    "extensions",
  );
  return {
    caFile: at("ca.pem"),
    cert: readFileSync(at("server.pem")),
    key: readFileSync(at("server.key")),
  };
}

/** A certificate that no authority has signed. */
export function makeSelfSigned(folder: string): { cert: Buffer; key: Buffer } {
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-noenc",
      "-keyout",
      "self.key",
      "-out",
      "self.pem",
      "-subj",
      "/CN=127.0.0.1",
    ],
    { cwd: folder, stdio: "pipe" },
  );
  return {
    cert: readFileSync(join(folder, "self.pem")),
    key: readFileSync(join(folder, "self.key")),
  };
}
