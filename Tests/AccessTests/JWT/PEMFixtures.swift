/// Keys as the openssl tool writes them, and tokens that their private halves have signed with Python's cryptography.
enum PEMFixtures {
    static let rsa = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhZIRNTdXhXYKz5SMibzA
        80KfUrBsxuTZAVvLCZYtfggjHutTeaY0OzZ4a+8hlqStIW/l4isFo2uTlP329WbP
        YjssKD+oab7cHwb554ReV2K9qnLQqlBKtGJfkAAYJSX7gqiXEm7YtFt9u9f6l9ts
        UbeT8RNOcOgY85ITR5szn86eymKmsSZAlEsP2LwKFtE6I30PuOTWKsYZjs0jHR3A
        4g/3ygrSVc8YScRSR0vvBVThqxh3kI0at+AgOABmpsaQMCdX6BMKGQpDN1xTUUdZ
        ZbPpEeOWkAR8Y+krnLsbtERBOrF4pBL2mkBl1Yj34vL4Lv60K/W/vQOgYrfLdoOk
        kQIDAQAB
        -----END PUBLIC KEY-----
        """
    static let rsaPKCS1 = """
        -----BEGIN RSA PUBLIC KEY-----
        MIIBCgKCAQEAhZIRNTdXhXYKz5SMibzA80KfUrBsxuTZAVvLCZYtfggjHutTeaY0
        OzZ4a+8hlqStIW/l4isFo2uTlP329WbPYjssKD+oab7cHwb554ReV2K9qnLQqlBK
        tGJfkAAYJSX7gqiXEm7YtFt9u9f6l9tsUbeT8RNOcOgY85ITR5szn86eymKmsSZA
        lEsP2LwKFtE6I30PuOTWKsYZjs0jHR3A4g/3ygrSVc8YScRSR0vvBVThqxh3kI0a
        t+AgOABmpsaQMCdX6BMKGQpDN1xTUUdZZbPpEeOWkAR8Y+krnLsbtERBOrF4pBL2
        mkBl1Yj34vL4Lv60K/W/vQOgYrfLdoOkkQIDAQAB
        -----END RSA PUBLIC KEY-----
        """
    static let rsaCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIDDzCCAfegAwIBAgIUAc8NMPbXsk1oLQxs3i4ULw419qwwDQYJKoZIhvcNAQEL
        BQAwFjEUMBIGA1UEAwwLand0LmV4YW1wbGUwIBcNMjYxMTIxMDUyMzQ0WhgPMjEy
        NjEwMjgwNTIzNDRaMBYxFDASBgNVBAMMC2p3dC5leGFtcGxlMIIBIjANBgkqhkiG
        9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhZIRNTdXhXYKz5SMibzA80KfUrBsxuTZAVvL
        CZYtfggjHutTeaY0OzZ4a+8hlqStIW/l4isFo2uTlP329WbPYjssKD+oab7cHwb5
        54ReV2K9qnLQqlBKtGJfkAAYJSX7gqiXEm7YtFt9u9f6l9tsUbeT8RNOcOgY85IT
        R5szn86eymKmsSZAlEsP2LwKFtE6I30PuOTWKsYZjs0jHR3A4g/3ygrSVc8YScRS
        R0vvBVThqxh3kI0at+AgOABmpsaQMCdX6BMKGQpDN1xTUUdZZbPpEeOWkAR8Y+kr
        nLsbtERBOrF4pBL2mkBl1Yj34vL4Lv60K/W/vQOgYrfLdoOkkQIDAQABo1MwUTAd
        BgNVHQ4EFgQU90FZ6s9ZjeeyWch6uFOtN/mlfU0wHwYDVR0jBBgwFoAU90FZ6s9Z
        jeeyWch6uFOtN/mlfU0wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOC
        AQEAffYxyrT6diNZb18xhG9x0py6SpbPgK3jZ2DVEBSmK+dYrdttRczIGtbiEybK
        Oinl38TbDrLJH4f3uY75PSjX8zw2DQ2eKCraXEnwpLBcbw+z3BODwRXiHKMqbdIk
        /mAYZmyEcWSmtnkJQHa/+OurxdyhW0w3OPc7PvpwNCeNrj9uFGOOZLo+5xCbaTkx
        G+v6mYa4KX7t+AUZC9lmnyv9XOs2uEhJUmHdSl/aUsW9jkAi7j1gYtzUBT3aBG53
        EGYQxzi+1pMopO/TSQ2ikrXjtn3BoNtfJu1LhTPYiuDTRp5IaZ3Eqq74jjWlm+Ir
        NklZQa5FhVPknNvFvJud4yj06w==
        -----END CERTIFICATE-----
        """
    static let p256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs3tnB+Vqca/fAGQ6Ib7LYD5EfjmG
        5xV57O7HZvHVRrWdAOJNXlQcqvkITcwIFaRUqUuq8ngwC4uVqkqg/nEWPA==
        -----END PUBLIC KEY-----
        """
    static let p256Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBgjCCASmgAwIBAgIUW2MOfWV/IrrADx2XqnVj/Y1uMAswCgYIKoZIzj0EAwIw
        FjEUMBIGA1UEAwwLand0LmV4YW1wbGUwIBcNMjYxMTIxMDUyMzQ0WhgPMjEyNjEw
        MjgwNTIzNDRaMBYxFDASBgNVBAMMC2p3dC5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
        KoZIzj0DAQcDQgAEs3tnB+Vqca/fAGQ6Ib7LYD5EfjmG5xV57O7HZvHVRrWdAOJN
        XlQcqvkITcwIFaRUqUuq8ngwC4uVqkqg/nEWPKNTMFEwHQYDVR0OBBYEFK/v8Ra1
        FViD77mYwXAuuainQn9RMB8GA1UdIwQYMBaAFK/v8Ra1FViD77mYwXAuuainQn9R
        MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgEzuL7gQl5EEwoTJu
        RrjT5a6nNhaGciRrEuuzVr0cMVMCIHyHJOI0/v39wnv7eb3AijFBFI8sChAh3SA6
        0AHBvTIW
        -----END CERTIFICATE-----
        """
    static let p384 = """
        -----BEGIN PUBLIC KEY-----
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEnssazRMvc2KABPlk3k3aiol6PFKgGQfc
        4ZO808ZL1gJuyX8uzOOKIGu5I+QqAnIL4IYHmjA5EnnwnIvgo8TACJzrpicMYhFz
        k8z8cmBLzqe7BscwZ33RSFksTf3N8eat
        -----END PUBLIC KEY-----
        """
    static let p521 = """
        -----BEGIN PUBLIC KEY-----
        MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB4Hkpt2rlzAmTeHH+zqEYP4IpLmRO
        2XduMFyxLRWMn9QfQDzVcBoBvQOH40gb6sMjQrVWqRoIXpyudWPxhnWIz/0BoeRk
        HKOwaKemsn3Tgs6V2HQ2QnfIW0oELMhtxEbjLafRYqsRRr9avLELMChh5mfBnnEp
        BtaA4G/ACxdddLL3KKE=
        -----END PUBLIC KEY-----
        """
    static let ed25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEABlYwRveUjSaAhCkttfmKy7cgsCchG4hwt5ucMbkyy6s=
        -----END PUBLIC KEY-----
        """

    // Not usable.
    static let rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDw+h6PALWfnd8Kd4j8FjeNfAIO
        WHww4rnUvXSMOdF+iJ4/GxPlmnZb41dNA4/c06IQYCKRHy5rIrsGdAucY4adupGO
        7Mep2DZJHyQ0COq7/CnQ6c62QGywecPKqE7QDdvIZD3kqTc6GIP9OPvDZC38/39j
        S11FkWNXKZyZAO/FNQIDAQAB
        -----END PUBLIC KEY-----
        """
    static let x25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VuAyEA5cNE1wvNiB+EHGf04ZzPejIzwnpEWYxiUV+xTIqzzUM=
        -----END PUBLIC KEY-----
        """
    static let secp256k1 = """
        -----BEGIN PUBLIC KEY-----
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEv+8CXQj5iYjkQ9UNxTnfIQOgJw0CTwzQ
        3sU/QZCC22oluUvl6SzBtvYPVJrDeLCEoMlyTyRszsrh0c7Yxa60rA==
        -----END PUBLIC KEY-----
        """
    static let ed25519Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBQjCB9aADAgECAhRrz9Yp9zF+Ljr8TeLN0UCwLgXUdjAFBgMrZXAwFjEUMBIG
        A1UEAwwLand0LmV4YW1wbGUwIBcNMjYxMTIxMDUyMzQ0WhgPMjEyNjEwMjgwNTIz
        NDRaMBYxFDASBgNVBAMMC2p3dC5leGFtcGxlMCowBQYDK2VwAyEABlYwRveUjSaA
        hCkttfmKy7cgsCchG4hwt5ucMbkyy6ujUzBRMB0GA1UdDgQWBBSqQDdWx+YuPCta
        nlWGnz894GIFSjAfBgNVHSMEGDAWgBSqQDdWx+YuPCtanlWGnz894GIFSjAPBgNV
        HRMBAf8EBTADAQH/MAUGAytlcANBALNMt1fWppaLpUuZiUimjtLUTqZu2vB0TpBZ
        Ni4d+XeZgv1LWrH+pQbSqpBG2Y4ljsNKbNOzU9Nt+LoEnroc1wI=
        -----END CERTIFICATE-----
        """

    // The claims are {"sub":"sensor-7"}.
    static let rs256Token =
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZW5zb3ItNyJ9.VlGzh7zLnrw64UxkRjzJM9lWtPxl4J36hLIz1EoBtcv7C_xNdpbuyn"
        + "0R_s3KMs6-Oxn_V7Y129WkRL-3qzLubRagWDevahLlh8LOSCssXIlaIM6rMqFLjafvpMAT01eCh8jQI35kdZ3z55r-e5rVGJ1f_2"
        + "Vd055Jwl0ZeP62JnQaMJ3xQFfXKDFjkcWXbtZt4XqHQHNYHXIlxcj5_V4tvdO8NBb8U7JlHD9RAtPdanWgCrt3oZHUnn20tlUyWe"
        + "xyBfVED5EBSVXcrU9dxQV_NeoXnE_Iv1NCxboNwDZWdXU0-LmpYEbyAoIYIhAyUxhpEKJ6OAL_2Xtm6qfiP5oSeA"
    static let es256Token =
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZW5zb3ItNyJ9.qHQpEyGpyZ7M-imQ9rHjroFfGMvXmKzlW0wfWbhm_QNOfguliQHrJf"
        + "F945NhW0tmxmuw2ntilp_sboMeYAFKXA"
    static let es384Token =
        "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJzZW5zb3ItNyJ9.VgcevaKXyiVBv-8v-yvxPmzx8cyhbTFIR30khxsAH_qY1fshLj9PHc"
        + "xoZx0utbWl0O0nJHmLNs9uo7AOPqMsH2ZdsIXSLen5zbhpYlWn_nZnbZ5OvQO2iKIzuh4cm20w"
    static let es512Token =
        "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJzZW5zb3ItNyJ9.ASaHKlFQdI0vmqnQYCV1fU1cSa2uFtLHVTvBSFNz00_YTbEDs5ZJTu"
        + "Sx6EdMdZrIhhZZFLvyNwFMAbJz0OzV7aFPAX0qHkBJ2quwImfzd_oAeGHvy-VvTRCFNjqluhAEGeZyayQ8Tq1psy7-y9gfW3_tfM"
        + "g6YLAIu9rpJ3gUbCgLNEyE"
    static let eddsaToken =
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzZW5zb3ItNyJ9.c3mSxpfVSl4bymcQL8M1U_JyUTiWkS2_YolJFfyfkRbq7AA2_vC9Su"
        + "rWSuAtA4Lbk97HoIgBFcveFv0pPEeGBQ"
}
